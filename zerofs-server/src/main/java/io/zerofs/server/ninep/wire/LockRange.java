// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/**
 * A range of bytes of a file. In a request it is unchecked, as the client sent it.
 *
 * @param start first byte, unsigned
 * @param length bytes, unsigned; 0 for all from {@code start} on
 */
public record LockRange(long start, long length) {}
