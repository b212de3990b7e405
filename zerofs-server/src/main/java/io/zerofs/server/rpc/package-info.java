// SPDX-License-Identifier: AGPL-3.0-only
/**
 * ONC RPC version 2 (RFC 5531) over streams: record marking, calls, credentials, replies and the cache that answers
 * retransmissions. Independent of NFS; knows Netty's buffers but no channel and no file.
 */
package io.zerofs.server.rpc;
