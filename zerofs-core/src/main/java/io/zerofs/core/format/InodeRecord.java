// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.Volume;

/**
 * The stored attributes of an inode. Its number is the key.
 *
 * @param id number and generation
 * @param kind kind of file
 * @param mode permission bits, 07777
 * @param links hard links; a directory counts itself, its name and its subdirectories; 0 if it has no name any more
 * @param uid owner
 * @param gid group
 * @param xattrListBytes length of the list of extended attributes' names, with one more byte for each; 0 if it has none
 * @param times the four times
 * @param content the part that depends on the kind
 */
public record InodeRecord(
        InodeId id,
        FileKind kind,
        int mode,
        int links,
        int uid,
        int gid,
        int xattrListBytes,
        Times times,
        InodeContent content) {
    private static final int BLOCK_BYTES = 512;

    /** atime, mtime, ctime and the time of birth. */
    public record Times(Timestamp accessed, Timestamp modified, Timestamp changed, Timestamp created) {
        public static Times all(Timestamp time) {
            return new Times(time, time, time, time);
        }

        public Times withChanged(Timestamp time) {
            return new Times(accessed, modified, time, created);
        }

        public Times withModified(Timestamp time) {
            return new Times(accessed, time, time, created);
        }
    }

    public long number() {
        return id.number();
    }

    public boolean isDirectory() {
        return kind == FileKind.DIRECTORY;
    }

    public boolean isRegular() {
        return kind == FileKind.REGULAR;
    }

    /** Returns the content of a regular file. Call it only after a check of the kind. */
    public InodeContent.File file() {
        return (InodeContent.File) content;
    }

    /** Returns the content of a directory. Call it only after a check of the kind. */
    public InodeContent.Directory directory() {
        return (InodeContent.Directory) content;
    }

    public InodeRecord withMode(int newMode) {
        return new InodeRecord(id, kind, newMode, links, uid, gid, xattrListBytes, times, content);
    }

    public InodeRecord withOwner(int newUid, int newGid) {
        return new InodeRecord(id, kind, mode, links, newUid, newGid, xattrListBytes, times, content);
    }

    public InodeRecord withLinks(int newLinks) {
        return new InodeRecord(id, kind, mode, newLinks, uid, gid, xattrListBytes, times, content);
    }

    public InodeRecord withXattrListBytes(int newBytes) {
        return new InodeRecord(id, kind, mode, links, uid, gid, newBytes, times, content);
    }

    public InodeRecord withTimes(Times newTimes) {
        return new InodeRecord(id, kind, mode, links, uid, gid, xattrListBytes, newTimes, content);
    }

    public InodeRecord withContent(InodeContent newContent) {
        return new InodeRecord(id, kind, mode, links, uid, gid, xattrListBytes, times, newContent);
    }

    /** Returns the record with a new ctime. */
    public InodeRecord changedAt(Timestamp time) {
        return withTimes(times.withChanged(time));
    }

    /** Returns the record with a new mtime and ctime. */
    public InodeRecord modifiedAt(Timestamp time) {
        return withTimes(times.withModified(time));
    }

    /** Returns the size as stat(2) reports it: bytes, unsigned; for a directory the number of its entries. */
    public long size() {
        if (content instanceof InodeContent.File file) {
            return file.size();
        }
        if (content instanceof InodeContent.Symlink symlink) {
            return symlink.target().length;
        }
        return content instanceof InodeContent.Directory directory ? directory.entries() : 0;
    }

    /** Returns the bytes that count against the quota: present chunks, but no more than the size in whole blocks. */
    public long allocatedBytes() {
        if (!(content instanceof InodeContent.File file)) {
            return 0;
        }
        long inChunks = file.ownChunks() * Volume.CHUNK_BYTES;
        return Long.compareUnsigned(inChunks, file.size()) <= 0
                ? inChunks
                : (file.size() + BLOCK_BYTES - 1) & -BLOCK_BYTES;
    }

    public Attributes attributes() {
        DeviceNumber device = content instanceof InodeContent.Device node ? node.number() : DeviceNumber.NONE;
        return new Attributes(
                id,
                kind,
                mode,
                links,
                uid,
                gid,
                size(),
                allocatedBytes(),
                device,
                times.accessed(),
                times.modified(),
                times.changed(),
                times.created());
    }
}
