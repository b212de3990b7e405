// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.fs.ConsistencyChecker.Problem;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Merges scans of all kinds of records, and of chunks, in the order of inodes. One thread. */
final class RecordMerge implements AutoCloseable {
    private static final int CHUNKS_PAGE = 4096;

    private final Volume volume;
    private final Consumer<Problem> problems;
    private final ChunkVisit chunkVisit;
    private final List<Side> sides = new ArrayList<>();
    private List<ChunkId> chunks;
    private int chunkAt;

    /** Visits a record of an inode. */
    interface Visit {
        /** @param found the inode; null if it is missing or unreadable */
        void at(CheckedInode found, byte[] key, byte[] value) throws VolumeException, RecordFormatException;
    }

    /** Visits a chunk of an inode. */
    interface ChunkVisit {
        /** @param found the inode; null if it is missing or unreadable */
        void at(CheckedInode found, ChunkId chunk) throws VolumeException;
    }

    RecordMerge(Volume volume, Consumer<Problem> problems, ChunkVisit chunkVisit) throws VolumeException {
        this.volume = volume;
        this.problems = problems;
        this.chunkVisit = chunkVisit;
        this.chunks = volume.chunksFrom(new ChunkId(0, 0), CHUNKS_PAGE);
    }

    /** Adds the records of a range. The records that were added first are visited first. */
    void add(KeyRange range, Visit visit) throws VolumeException {
        sides.add(new Side(range, visit));
    }

    /** Visits the records of all inodes up to this one. The inodes before it do not exist. */
    void visitThrough(long number, CheckedInode found) throws VolumeException {
        for (Side side : sides) {
            side.visitThrough(number, found);
        }
        while (chunkAt < chunks.size() && chunks.get(chunkAt).inode() <= number) {
            ChunkId chunk = chunks.get(chunkAt);
            chunkVisit.at(chunk.inode() == number ? found : null, chunk);
            if (++chunkAt == chunks.size() && chunkAt == CHUNKS_PAGE) {
                chunks = volume.chunksFrom(new ChunkId(chunk.inode(), chunk.index() + 1), CHUNKS_PAGE);
                chunkAt = 0;
            }
        }
    }

    /** A scan of one kind of records. */
    private final class Side implements AutoCloseable {
        private final Cursor cursor;
        private final Visit visit;
        private boolean present;
        private byte[] key;
        private long inode;

        Side(KeyRange range, Visit visit) throws VolumeException {
            this.cursor = volume.scan(range);
            this.visit = visit;
            advance();
        }

        private void advance() throws VolumeException {
            for (present = cursor.next(); present; present = cursor.next()) {
                key = cursor.key();
                try {
                    inode = Keys.inodeOf(key);
                    return;
                } catch (RecordFormatException e) {
                    report(0, e);
                }
            }
        }

        private void report(long ofInode, RecordFormatException e) {
            byte[] malformed = key;
            Fix fix = e.isNewer() ? null : Fix.removal(repair -> repair.delete(malformed));
            problems.accept(new Problem(ofInode, "key of kind " + key[0] + ": " + e.getMessage(), fix));
        }

        void visitThrough(long number, CheckedInode found) throws VolumeException {
            while (present && inode <= number) {
                try {
                    visit.at(inode == number ? found : null, key, cursor.value());
                } catch (RecordFormatException e) {
                    report(inode, e);
                }
                advance();
            }
        }

        @Override
        public void close() {
            cursor.close();
        }
    }

    @Override
    public void close() {
        sides.forEach(Side::close);
    }
}
