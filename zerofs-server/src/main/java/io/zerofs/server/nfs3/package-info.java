// SPDX-License-Identifier: AGPL-3.0-only
/**
 * NFS version 3 and MOUNT version 3 over the virtual file system. This package defines the effect of the procedures on
 * files and the time of their replies. Their bytes are in {@code server.nfs3.wire}, calls and replies in {@code
 * server.rpc}, sockets and limits in {@code server.net}.
 */
package io.zerofs.server.nfs3;
