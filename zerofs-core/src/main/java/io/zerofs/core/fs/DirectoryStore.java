// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.MetadataBytes;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;

/** Reads and changes the entries of directories. The volume has each entry by name and by cookie. */
final class DirectoryStore {
    /** Cookie of {@code .}; that of {@code ..} follows, and then the entries. */
    static final long DOT_COOKIE = 1;

    static final long DOT_DOT_COOKIE = 2;
    static final long FIRST_COOKIE = 3;

    private final Volume volume;
    private final RecordCache<EntryRecord> cache;

    DirectoryStore(Volume volume, FileSystemSettings settings) {
        this.volume = volume;
        cache = new RecordCache<>(settings.cachedRecords());
    }

    static InodeContent.Directory emptyBelow(long parent) {
        return new InodeContent.Directory(parent, FIRST_COOKIE, 0);
    }

    /** Returns the entry of this name, or null. */
    EntryRecord find(long directory, FileName name) throws FsException {
        EntryRecord cached = cache.find(directory, name);
        return cached != null ? cached : cache.load(directory, name, () -> findStored(directory, name));
    }

    /** Returns the entry that the volume has, or null. The cached entry may be older for a moment. */
    EntryRecord findStored(long directory, FileName name) throws FsException {
        try {
            byte[] value = volume.get(Keys.entry(directory, name));
            return value == null ? null : EntryRecord.decodeByName(name, value);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "entry in directory", directory);
        }
    }

    /** Adds an entry after all others. Returns the directory with it, which the caller must put. */
    InodeRecord add(Transaction changes, InodeRecord directory, FileName name, InodeRecord child) {
        InodeContent.Directory content = directory.directory();
        InodeRecord longer = directory.withContent(
                new InodeContent.Directory(content.parent(), content.nextCookie() + 1, content.entries()));
        return addAt(content.nextCookie(), changes, longer, name, child);
    }

    /** Adds an entry at the place of a removed one. Returns the directory with it, which the caller must put. */
    InodeRecord addAt(long cookie, Transaction changes, InodeRecord directory, FileName name, InodeRecord child) {
        InodeContent.Directory content = directory.directory();
        EntryRecord entry = new EntryRecord(name, cookie, child.number(), child.kind());
        changes.metadata(MetadataBytes.ofEntry(name));
        changes.batch().put(Keys.entry(directory.number(), name), entry.encodeByName());
        changes.batch().put(Keys.listing(directory.number(), entry.cookie()), entry.encodeByCookie());
        changes.afterwards(() -> cache.put(directory.number(), name, entry));
        int subdirectories = child.isDirectory() ? 1 : 0;
        return directory
                .withLinks(directory.links() + subdirectories)
                .withContent(new InodeContent.Directory(content.parent(), content.nextCookie(), content.entries() + 1));
    }

    /** Removes an entry. Returns the directory without it, which the caller must put. */
    InodeRecord remove(Transaction changes, InodeRecord directory, EntryRecord entry) {
        InodeContent.Directory content = directory.directory();
        changes.batch().delete(Keys.entry(directory.number(), entry.name()));
        changes.batch().delete(Keys.listing(directory.number(), entry.cookie()));
        changes.metadata(-MetadataBytes.ofEntry(entry.name()));
        changes.afterwards(() -> cache.remove(directory.number(), entry.name()));
        int subdirectories = entry.kind() == FileKind.DIRECTORY ? 1 : 0;
        return directory
                .withLinks(directory.links() - subdirectories)
                .withContent(new InodeContent.Directory(content.parent(), content.nextCookie(), content.entries() - 1));
    }
}
