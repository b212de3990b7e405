// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

/**
 * The header of a call (RFC 5531 §9); the arguments follow in the buffer.
 *
 * @param xid transaction id, chosen by the client, the same in a retransmission
 * @param program program number
 * @param version program version
 * @param procedure procedure number, unsigned
 * @param credential identity of the caller
 */
public record RpcCall(int xid, int program, int version, int procedure, RpcCredential credential) {}
