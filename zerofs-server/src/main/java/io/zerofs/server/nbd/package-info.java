// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Block devices over NBD. Every regular file in {@code /.nbd} is an export, which a client finds by name when it connects.
 * This package applies options and requests to the file. Their bytes are in {@code server.nbd.wire}, sockets and limits
 * in {@code server.net}.
 */
package io.zerofs.server.nbd;
