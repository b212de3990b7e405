// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;

/**
 * A file and the name that a walk reached it by. Tremove and Trename need the name: they name a file by its fid, but act
 * on a name in a directory. A path has one name, not the whole way, because a client could make the way of any length.
 *
 * @param parent directory of the name; null for the attached root, and after {@code ..} to a place without a known name
 * @param name name in the parent; null if the parent is null
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
