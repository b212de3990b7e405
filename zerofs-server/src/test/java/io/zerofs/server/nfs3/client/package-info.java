// SPDX-License-Identifier: AGPL-3.0-only
/** A small NFS version 3 client: for tests, and as the load generator of the benchmark. */
package io.zerofs.server.nfs3.client;
