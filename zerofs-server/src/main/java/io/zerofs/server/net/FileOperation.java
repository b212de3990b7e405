// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/**
 * An operation on files that a client asked for, for a trace.
 *
 * @param client protocol and address of the client
 * @param target the file, by its path where the trace knows it, else by its inode; and the range of bytes
 * @param nanos time that it took
 * @param outcome {@code ok}, or the reason of its failure
 */
public record FileOperation(String client, String operation, String target, long nanos, String outcome) {}
