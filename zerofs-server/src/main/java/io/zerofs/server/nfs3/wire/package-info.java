// SPDX-License-Identifier: AGPL-3.0-only
/**
 * NFS version 3 and MOUNT version 3 (RFC 1813): converts bytes to records and back. It has one record per message, in
 * the field order of the wire, and a handler interface with a method per procedure. Knows neither files nor
 * connections.
 */
package io.zerofs.server.nfs3.wire;
