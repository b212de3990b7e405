// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** When permission to a file's data is decided. */
public enum DataAccess {
    /**
     * Now, by the permission bits; the owner is always allowed, because a stateless protocol cannot know that the file
     * was opened before its mode changed (RFC 1813 §4.4).
     */
    CHECKED_NOW,
    /** It was decided when the file was opened (9P fid, NBD export). */
    CHECKED_AT_OPEN
}
