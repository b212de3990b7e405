// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * The result of statfs(2), answered from memory.
 *
 * @param bytesMax size of the file system: the configured quota
 * @param bytesUsed allocated bytes of all files
 * @param inodesMax inodes that can ever exist at once
 * @param inodesUsed inodes that exist
 */
public record FsStatistics(long bytesMax, long bytesUsed, long inodesMax, long inodesUsed) {}
