// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * One entry of a directory listing.
 *
 * @param cookie position after this entry, from which a listing continues. It is never 0, and stable across restarts
 *     and while the directory changes. 1 is {@code .} and 2 is {@code ..}.
 * @param name the name
 * @param inode inode number
 * @param kind kind of file
 * @param attributes of the file if the caller asked for them, else null
 */
public record DirectoryEntry(long cookie, FileName name, long inode, FileKind kind, Attributes attributes) {}
