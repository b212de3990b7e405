// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/**
 * Keys from {@code from} (inclusive) to {@code to} (exclusive), compared as unsigned bytes. Do not change the arrays
 * after you pass them.
 */
public record KeyRange(byte[] from, byte[] to) {}
