// SPDX-License-Identifier: AGPL-3.0-only
/**
 * What the clients of a server may see and do: a part of the file system, perhaps without changing it, and as which
 * users. Knows files and no protocol.
 */
package io.zerofs.server.access;
