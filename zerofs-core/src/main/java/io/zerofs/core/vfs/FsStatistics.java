// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * The result of statfs(2), answered from memory.
 *
 * @param bytesMax size of the file system: the configured quota
 * @param bytesUsed allocated bytes of all files, and the bytes of all metadata that are counted so far
 * @param inodesMax maximum number of inodes at one time
 * @param inodesUsed number of inodes
 */
public record FsStatistics(long bytesMax, long bytesUsed, long inodesMax, long inodesUsed) {}
