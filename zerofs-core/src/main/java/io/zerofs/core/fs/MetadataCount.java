// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.MetadataBytes;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the metadata of a volume whose last writer did not count them, as of the construction of this object. Needed
 * once per volume. The cursors do not see later changes, which the space account books meanwhile, so the sum of both is
 * exact. One thread.
 */
final class MetadataCount implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataCount.class);
    private static final int RECORDS_PER_STEP = 4096;

    private final SpaceAccount space;
    private final Queue<Scan> scans = new ArrayDeque<>();
    private long bytes;
    private long unreadable;

    /** Opens the cursors. Called before the first change. */
    MetadataCount(Volume volume, SpaceAccount space) throws VolumeException {
        this.space = space;
        scans.add(new Scan(volume.scan(Keys.allInodes()), MetadataCount::ofInode));
        scans.add(new Scan(volume.scan(Keys.allEntries()), (key, value) -> MetadataBytes.ofEntry(Keys.nameOf(key))));
        scans.add(new Scan(volume.scan(Keys.allXattrs()), MetadataCount::ofXattr));
    }

    /** Returns the bytes that a record adds to the quota. */
    interface Rule {
        long bytes(byte[] key, byte[] value) throws RecordFormatException;
    }

    private record Scan(Cursor cursor, Rule rule) {}

    static long ofInode(byte[] key, byte[] value) throws RecordFormatException {
        return MetadataBytes.of(InodeCodec.decode(Keys.inodeOf(key), value));
    }

    static long ofXattr(byte[] key, byte[] value) throws RecordFormatException {
        return MetadataBytes.ofXattr(Keys.nameOf(key), SmallRecords.xattrValue(value).length);
    }

    /** Counts some records. Returns whether more are left. */
    boolean step() throws VolumeException {
        for (int i = 0; i < RECORDS_PER_STEP && !scans.isEmpty(); i++) {
            Scan scan = scans.element();
            if (scan.cursor().next()) {
                add(scan);
            } else {
                scans.remove().cursor().close();
            }
        }
        if (!scans.isEmpty()) {
            return true;
        }
        space.metadataCounted(bytes);
        LOG.info("names, attributes and links of the volume take {} bytes of the quota", bytes);
        if (unreadable > 0) {
            LOG.warn("{} damaged records do not count against the quota", unreadable);
        }
        return false;
    }

    private void add(Scan scan) {
        try {
            bytes += scan.rule().bytes(scan.cursor().key(), scan.cursor().value());
        } catch (RecordFormatException e) {
            unreadable++;
        }
    }

    @Override
    public void close() {
        while (!scans.isEmpty()) {
            scans.remove().cursor().close();
        }
    }
}
