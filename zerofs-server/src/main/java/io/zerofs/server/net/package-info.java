// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The base of all protocol servers: listening, event loops, the pool for requests that may wait, and admission control.
 * Admission control bounds the memory that the daemon holds for clients. A protocol implements {@link
 * io.zerofs.server.net.MessageProtocol} and never sees a Netty channel. Knows nothing of files.
 */
package io.zerofs.server.net;
