// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * A run of a file that is all data or all hole.
 *
 * @param offset first byte
 * @param length bytes, at least 1
 * @param hole whether the run has no stored data and reads as zeros
 */
public record Extent(long offset, long length, boolean hole) {}
