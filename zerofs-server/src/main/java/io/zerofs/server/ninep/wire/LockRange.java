// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/**
 * Bytes of a file, as they come: nobody has checked that they make sense.
 *
 * @param start first byte, unsigned
 * @param length bytes, unsigned; 0 for all from {@code start} on
 */
public record LockRange(long start, long length) {}
