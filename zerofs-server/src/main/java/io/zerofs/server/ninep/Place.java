// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;

/**
 * A file and the way on which it was reached. Only Tremove and Trename need the way: they name a file by its fid, but
 * act on a name in a directory.
 *
 * @param parent where the name was looked up; null at the attached root, and behind a {@code ..} that left the way
 * @param name null where parent is
 */
record Place(Place parent, FileName name, InodeId inode) {
    static Place root(InodeId inode) {
        return new Place(null, null, inode);
    }

    Place child(FileName childName, InodeId child) {
        if (childName.isDot()) {
            return this;
        }
        if (childName.isDotDot()) {
            return parent != null && parent.inode.equals(child) ? parent : root(child);
        }
        return new Place(this, childName, child);
    }
}
