// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeRecord;

/** The facts about an inode that a check has collected. */
final class CheckedInode {
    final InodeRecord record;
    int names;
    int subdirectories;
    long entries;
    long chunks;
    long dead;
    long xattrListBytes;
    boolean orphan;
    boolean tombstone;

    CheckedInode(InodeRecord record) {
        this.record = record;
    }
}
