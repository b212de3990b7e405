// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** The time at which permission to a file's data is decided. */
public enum DataAccess {
    /**
     * Now, by the permission bits. The owner is always allowed, because a stateless protocol cannot know that a client
     * opened the file before its mode changed (RFC 1813 §4.4).
     */
    CHECKED_NOW,
    /** Decided when the client opened the file (9P fid, NBD export). */
    CHECKED_AT_OPEN
}
