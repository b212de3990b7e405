// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.Arrays;

/**
 * Compares the entries of directories by name with those by cookie. Their orders differ, so it compares sums of hashes of 64
 * bits. Only where the sums differ it looks each entry up. One thread.
 */
final class EntryAgreement {
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private final Volume volume;
    private final Mismatch mismatch;
    private final byte[] name = new byte[FileName.BYTES_MAX];
    private long difference;

    /** Receives an entry that the other records do not have. */
    interface Mismatch {
        /** @param named whether it is an entry by name, and not by cookie */
        void found(long directory, EntryRecord entry, boolean named) throws VolumeException;
    }

    EntryAgreement(Volume volume, Mismatch mismatch) {
        this.volume = volume;
        this.mismatch = mismatch;
    }

    void addNamed(long directory, EntryRecord entry) {
        difference += hash(directory, entry);
    }

    void addListed(long directory, EntryRecord entry) {
        difference -= hash(directory, entry);
    }

    private long hash(long directory, EntryRecord entry) {
        long hash = mix(mix(mix(directory) ^ entry.cookie()) ^ entry.inode());
        hash = mix(hash ^ entry.kind().ordinal());
        int length = entry.name().length();
        entry.name().copyTo(name, 0);
        for (int i = 0; i < length; i++) {
            hash = (hash ^ name[i]) * MULTIPLIER;
            hash ^= hash >>> 29;
        }
        return mix(hash ^ length);
    }

    /** Returns the number with each bit spread over all bits, as SplitMix64 does. */
    private static long mix(long number) {
        long z = number + MULTIPLIER;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** Compares the entries added since the last call, which are those of directories in this range. */
    void compare(long firstDirectory, long lastDirectory) throws VolumeException {
        if (difference == 0) {
            return;
        }
        difference = 0;
        long last = Math.min(lastDirectory, InodeId.NUMBER_MAX);
        try (Cursor named = volume.scan(Keys.entries(firstDirectory, last))) {
            while (named.next()) {
                try {
                    long directory = Keys.inodeOf(named.key());
                    EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(named.key()), named.value());
                    byte[] listing = volume.get(Keys.listing(directory, entry.cookie()));
                    if (!Arrays.equals(listing, entry.encodeByCookie())) {
                        mismatch.found(directory, entry, true);
                    }
                } catch (RecordFormatException e) {
                    // The scan of all entries reports it.
                }
            }
        }
        try (Cursor listed = volume.scan(Keys.listings(firstDirectory, last))) {
            while (listed.next()) {
                try {
                    long directory = Keys.inodeOf(listed.key());
                    EntryRecord entry = EntryRecord.decodeByCookie(Keys.numberOf(listed.key()), listed.value());
                    byte[] record = volume.get(Keys.entry(directory, entry.name()));
                    if (!Arrays.equals(record, entry.encodeByName())) {
                        mismatch.found(directory, entry, false);
                    }
                } catch (RecordFormatException e) {
                    // The scan of all listings reports it.
                }
            }
        }
    }
}
