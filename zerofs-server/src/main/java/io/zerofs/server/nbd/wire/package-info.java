// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The NBD protocol as bytes: the fixed newstyle handshake, requests, and simple and structured replies. Names and numbers
 * are from the protocol document of the NBD project (doc/proto.md), and the comments name its sections. The package knows
 * Netty's buffers, {@code server.bytes} and the JDK only: no channel, no state of a connection, no file system.
 */
package io.zerofs.server.nbd.wire;
