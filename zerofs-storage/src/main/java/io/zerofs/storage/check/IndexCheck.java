// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.core.sorting.RowSorter;
import io.zerofs.core.sorting.SortedRows;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * Checks the rules of an index while no data is only in memory: exactly one chunk entry names each frame of each commit, or
 * the frame is dead exactly once; closed frames are neither; each name fits the kind of its frame; and the frame tables of a
 * commit fill its object. Sorts all names of frames by commit, on the local disk if they are many: 40 bytes for each frame,
 * and twice that for a moment. Memory does not grow with the volume. One thread, used once.
 */
public final class IndexCheck implements AutoCloseable {
    private final RocksIndex index;
    private final Findings findings;
    private final SortedRows uses;

    /** Receives each commit, in the order of the log. */
    public interface CommitVisitor {
        void visit(CommitUse commit) throws VolumeException, IOException;
    }

    /** Receives each part of a commit's frame table, in the order of the log. */
    interface TableVisitor {
        /** @param uses for each frame of the table its use, or null */
        void visit(FrameTable table, FrameUse[] uses) throws VolumeException, IOException;
    }

    /**
     * Reads the chunk entries.
     *
     * @param scratch the place of temporary files
     */
    public IndexCheck(RocksIndex index, Path scratch, Findings findings) throws VolumeException, IOException {
        this(index, scratch, findings, chunks -> {});
    }

    /** @param progress receives the number of chunks after each of them */
    IndexCheck(RocksIndex index, Path scratch, Findings findings, LongConsumer progress)
            throws VolumeException, IOException {
        this.index = index;
        this.findings = findings;
        this.uses = sortUses(scratch, progress);
    }

    static KeyRange kind(byte kind) {
        return new KeyRange(new byte[] {kind}, IndexKeys.kindEnd(kind));
    }

    private SortedRows sortUses(Path scratch, LongConsumer progress) throws VolumeException, IOException {
        long chunks = 0;
        try (RowSorter sorter = new RowSorter(FrameUse.COLUMNS, scratch);
                Cursor entries = index.scan(kind(IndexKeys.CHUNK), false)) {
            while (entries.next()) {
                byte[] key = entries.key();
                long inode = IndexKeys.chunkInode(key);
                long chunk = IndexKeys.chunkIndex(key);
                progress.accept(++chunks);
                for (FrameReference frame :
                        frames(inode, chunk, entries.value()).frames()) {
                    sorter.add(new FrameUse(frame, inode, chunk).row());
                }
            }
            return sorter.sorted();
        }
    }

    private ChunkEntry frames(long inode, long chunk, byte[] value) {
        try {
            ChunkEntry entry = ChunkEntry.decode(value);
            expect(!entry.isHole(), "chunk " + chunk + " of inode " + inode + " is a hole and has an entry");
            return entry;
        } catch (VolumeException e) {
            long start = chunk * Volume.CHUNK_BYTES;
            findings.lost(inode, start, start + Volume.CHUNK_BYTES, "its entry in the index is malformed");
            return ChunkEntry.HOLE;
        }
    }

    private void expect(boolean fine, String what) {
        if (!fine) {
            findings.wrong(what);
        }
    }

    /** Compares names, frame tables and death records with each other, and reports what does not agree. */
    public void compare(CommitVisitor visitor) throws VolumeException, IOException {
        checkVictims();
        TablesOfCommit commits = new TablesOfCommit(index, findings, visitor);
        walk(commits::add, true);
        commits.end();
    }

    /** Death records of a commit without a frame table are left over. */
    private void checkVictims() throws VolumeException {
        long known = 0;
        try (Cursor deaths = index.scan(kind(IndexKeys.DEATHS), false)) {
            while (deaths.next()) {
                long victim = ByteBuffer.wrap(deaths.key()).getLong(1);
                if (victim != known) {
                    known = victim;
                    boolean exists = index.get(IndexKeys.frames(victim, 0)) != null;
                    expect(exists, "frames of commit " + victim + " died, which the index does not have");
                }
            }
        }
    }

    /** Visits all frame tables with the uses of their frames. */
    void walk(TableVisitor visitor, boolean reporting) throws VolumeException, IOException {
        try (SortedRows.Scan rows = uses.scan();
                Cursor tables = index.scan(kind(IndexKeys.FRAMES), false)) {
            FrameUse next = next(rows);
            while (tables.next()) {
                FrameTable table = decode(tables.key(), tables.value(), reporting);
                if (table == null) {
                    continue;
                }
                long seq = table.commit().seq();
                FrameUse[] named = new FrameUse[table.frames().size()];
                while (next != null && precedes(next, seq, table.firstSlot() + named.length)) {
                    int place = next.frame().slot() - table.firstSlot();
                    boolean within = next.frame().seq() == seq && place >= 0;
                    if (reporting && !within) {
                        next.loseAll(findings, withoutTable(next));
                    } else if (reporting && named[place] != null) {
                        findings.wrong("frame " + next.frame().slot() + " of commit " + seq + " has two chunks: inode "
                                + next.inode() + " and inode " + named[place].inode());
                    }
                    if (within) {
                        named[place] = next;
                    }
                    next = next(rows);
                }
                visitor.visit(table, named);
            }
            for (; next != null && reporting; next = next(rows)) {
                next.loseAll(findings, withoutTable(next));
            }
        }
    }

    private static boolean precedes(FrameUse use, long seq, int endSlot) {
        return use.frame().seq() < seq
                || use.frame().seq() == seq && use.frame().slot() < endSlot;
    }

    private static String withoutTable(FrameUse use) {
        return "the index has no frame table for slot " + use.frame().slot() + " of commit "
                + use.frame().seq();
    }

    private static FrameUse next(SortedRows.Scan rows) throws IOException {
        return rows.next() ? FrameUse.of(rows) : null;
    }

    private FrameTable decode(byte[] key, byte[] value, boolean reporting) {
        ByteBuffer name = ByteBuffer.wrap(key);
        long seq = name.getLong(1);
        String source = "frame table of commit " + seq + " in the index";
        try {
            FrameTable table = FrameTable.decode(value, source);
            boolean fits = table.commit().seq() == seq && table.firstSlot() == name.getInt(1 + Long.BYTES);
            if (fits) {
                return table;
            }
            expect(!reporting, source + " has the key of another one");
        } catch (CorruptObjectException e) {
            expect(!reporting, e.getMessage());
        }
        return null;
    }

    /**
     * Reports what files lose with the end of a commit's object.
     *
     * @param kept bytes that the object still has; 0 if it is missing
     */
    void loseEnd(long seq, long kept, String why) throws VolumeException, IOException {
        try (SortedRows.Scan rows = uses.scanFrom(seq)) {
            for (FrameUse use = next(rows); use != null && use.frame().seq() == seq; use = next(rows)) {
                int slot = use.frame().slot();
                FrameTable table = CommitApplier.frameTable(index, seq, slot);
                Frame frame = table == null ? null : table.frame(slot);
                if (frame != null) {
                    use.lose(
                            frame, page -> frame.pageOffset(page) + frame.pageStoredLength(page) > kept, findings, why);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        uses.close();
    }
}
