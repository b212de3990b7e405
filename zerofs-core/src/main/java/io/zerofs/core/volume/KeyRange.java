// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/**
 * Keys from {@code from} (inclusive) to {@code to} (exclusive), compared as unsigned bytes. The arrays must not be
 * changed after they were handed over.
 */
public record KeyRange(byte[] from, byte[] to) {}
