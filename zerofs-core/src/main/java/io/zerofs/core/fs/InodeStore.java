// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeContent.Symlink;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;

/** Reads inode records. Each read is atomic by itself; callers that need consistency among several reads hold locks. */
final class InodeStore {
    /** Maximum bytes of the target of a cached symlink, so that the number of records bounds the memory. */
    private static final int CACHED_TARGET_BYTES_MAX = 256;

    private final Volume volume;
    private final RecordCache<InodeRecord> cache;

    InodeStore(Volume volume, FileSystemSettings settings) {
        this.volume = volume;
        cache = new RecordCache<>(settings.cachedRecords(), InodeStore::isSmall);
    }

    /** Returns the inode of this number, or null. */
    InodeRecord find(long number) throws FsException {
        InodeRecord cached = cache.find(number, null);
        return cached != null ? cached : cache.load(number, null, () -> read(number));
    }

    private static boolean isSmall(InodeRecord inode) {
        return !(inode.content() instanceof Symlink symlink) || symlink.target().length <= CACHED_TARGET_BYTES_MAX;
    }

    /** Caches the record that an applied batch put. Called under the lock of the inode. */
    void changed(InodeRecord inode) {
        cache.put(inode.number(), null, inode);
    }

    /** Removes an inode that an applied batch deleted. Called under the lock of the inode. */
    void deleted(long number) {
        cache.remove(number, null);
    }

    private InodeRecord read(long number) throws FsException {
        try {
            byte[] bytes = volume.get(Keys.inode(number));
            return bytes == null ? null : InodeCodec.decode(number, bytes);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "inode", number);
        }
    }

    /** Returns the inode that this id names, or throws STALE. */
    InodeRecord require(InodeId id) throws FsException {
        InodeRecord inode = id.number() <= 0 || id.number() > InodeId.NUMBER_MAX ? null : find(id.number());
        if (inode == null || inode.id().generation() != id.generation()) {
            throw FsError.STALE.exception();
        }
        return inode;
    }

    /** Returns the directory that this id names, or throws STALE or NOT_DIRECTORY. */
    InodeRecord requireDirectory(InodeId id) throws FsException {
        InodeRecord inode = require(id);
        if (!inode.isDirectory()) {
            throw FsError.NOT_DIRECTORY.exception();
        }
        return inode;
    }

    /** Returns the inode that an entry names. The caller holds the locks that keep the entry. */
    InodeRecord requireNamed(long number) throws FsException {
        InodeRecord inode = find(number);
        if (inode == null) {
            throw FsError.IO.exception("an entry leads to inode " + number + ", which is not there", null);
        }
        return inode;
    }
}
