// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.vfs.InodeId;

/** The facts about an inode that a check has collected. */
final class CheckedInode {
    /** Number of chunks up to which a repair makes a file longer. */
    static final long CHUNKS_MAX = 1L << 40;

    final InodeRecord record;
    int names;
    /** The directory and the cookie of the first name. */
    long nameDirectory;

    long nameCookie;
    int subdirectories;
    long entries;
    long chunks;
    long lastChunk;
    long dead;
    int xattrListBytes;
    boolean orphan;
    boolean tombstone;

    CheckedInode(InodeRecord record) {
        this.record = record;
    }

    boolean isRoot() {
        return record.number() == InodeId.ROOT_NUMBER;
    }

    /** Returns the tail that a truncation cut off, or null. */
    TruncatedTail tail() {
        return record.content() instanceof InodeContent.File file ? file.pendingTruncation() : null;
    }

    /** Returns the links that the record should have. An inode without a name keeps its links: it needs a name. */
    int links() {
        boolean empty = !record.isDirectory() || entries == 0 || record.links() > 0;
        if (!isRoot() && names == 0 && empty) {
            return record.links();
        }
        return record.isDirectory() ? 2 + subdirectories : names;
    }

    /** Returns whether the size hides a chunk, which is data. */
    boolean isTooShort() {
        return record.content() instanceof InodeContent.File file
                && file.pendingTruncation() == null
                && chunks > 0
                && lastChunk < CHUNKS_MAX
                && lastChunk >= FileChunks.countFor(file.size());
    }

    /** Returns the record with all that the facts say otherwise. */
    InodeRecord corrected() {
        InodeContent content = record.content();
        if (content instanceof InodeContent.Directory directory) {
            boolean moved = !isRoot() && names == 1;
            content = new InodeContent.Directory(
                    moved ? nameDirectory : directory.parent(), directory.nextCookie(), entries);
        } else if (content instanceof InodeContent.File file) {
            TruncatedTail tail = tail();
            content = new InodeContent.File(
                    isTooShort() ? FileChunks.offsetOf(lastChunk + 1) : file.size(),
                    chunks,
                    file.verifier(),
                    tail == null
                            ? null
                            : new TruncatedTail(tail.first(), tail.end(), tail.serial(), Math.min(tail.dead(), dead)));
        }
        return record.withLinks(links()).withXattrListBytes(xattrListBytes).withContent(content);
    }
}
