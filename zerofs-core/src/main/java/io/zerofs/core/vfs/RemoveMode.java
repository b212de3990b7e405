// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** The kinds of file that a removal accepts. */
public enum RemoveMode {
    /** unlink(2): everything but directories (IS_DIRECTORY). */
    FILE,
    /** rmdir(2): empty directories only (NOT_DIRECTORY, NOT_EMPTY). */
    DIRECTORY,
    /** 9P Tremove: files of any kind, and empty directories. */
    ANY
}
