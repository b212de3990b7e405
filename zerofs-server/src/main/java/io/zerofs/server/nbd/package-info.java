// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Block devices over NBD. Every regular file in {@code /.nbd} is an export, found by name when a client connects. This
 * package says what options and requests mean for the file; their bytes are in {@code server.nbd.wire}, sockets and
 * limits in {@code server.net}.
 */
package io.zerofs.server.nbd;
