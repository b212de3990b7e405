// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.cache.PageFetcher.MissingObjectException;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.seal.ObjectHeader;

/** The frame tables of stored commits, from the index. Keeps a number of them decoded. Thread-safe. */
public final class FrameTables {
    private static final int TABLES_MAX = 1024;

    private final RocksIndex index;
    private final Cache<TableKey, FrameTable> tables = Caffeine.newBuilder()
            .executor(Runnable::run)
            .maximumSize(TABLES_MAX)
            .build();

    private record TableKey(long seq, int record) {}

    public FrameTables(RocksIndex index) {
        this.index = index;
    }

    /** Returns the part of its commit's table that covers a frame. */
    public FrameTable of(FrameReference frame) throws VolumeException, MissingObjectException {
        TableKey key = new TableKey(frame.seq(), CommitApplier.recordOf(frame.slot()));
        FrameTable table = tables.getIfPresent(key);
        if (table == null) {
            table = CommitApplier.frameTable(index, frame.seq(), frame.slot());
            if (table == null || table.frame(frame.slot()) == null) {
                throw new MissingObjectException(
                        "the index has no frame table for slot " + frame.slot() + " of commit " + frame.seq(), null);
            }
            tables.put(key, table);
        }
        return table;
    }

    /** Returns the header of a commit that has frames; null if there is none, or if the index cannot be read. */
    public ObjectHeader object(long seq) {
        try {
            FrameTable table = CommitApplier.frameTable(index, seq, 0);
            return table == null || table.frames().isEmpty() ? null : table.header();
        } catch (VolumeException e) {
            // A reader of this commit gets the failure.
            return null;
        }
    }
}
