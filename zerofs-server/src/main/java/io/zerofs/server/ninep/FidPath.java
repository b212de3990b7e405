// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;

/**
 * A file and the name by which it was reached, for Tremove and Trename: they name a file by its fid, but act on a name in
 * a directory. It keeps one name and not the whole way, which a client could make as long as it likes.
 *
 * @param parent where the name was looked up; null at the attached root, and where {@code ..} led to
 * @param name null where parent is
 */
record FidPath(InodeId parent, FileName name, InodeId inode) {
    static FidPath root(InodeId inode) {
        return new FidPath(null, null, inode);
    }

    FidPath child(FileName childName, InodeId child) {
        if (childName.isDot()) {
            return this;
        }
        return childName.isDotDot() ? root(child) : new FidPath(inode, childName, child);
    }
}
