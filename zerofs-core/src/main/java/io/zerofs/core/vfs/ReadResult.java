// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Outcome of a read.
 *
 * @param count bytes put into the destination
 * @param endOfFile whether the read reached the end of the file
 * @param attributes of the file, at a moment during the read
 */
public record ReadResult(int count, boolean endOfFile, Attributes attributes) {}
