// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.MetadataBytes;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.format.Superblock;
import io.zerofs.core.sorting.RowSorter;
import io.zerofs.core.sorting.SortedRows;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Scans a whole volume and reports contradictions. It compares link counts and names, names and cookies, counters
 * and the sum of all inodes, present chunks and file sizes. It also compares orphans, tombstones and marks with their
 * inodes.
 *
 * <p>The volume must not change meanwhile. A barrier must follow its last change, because the volume writes the
 * counters at cuts. All records of an inode are neighbours in their order, so the checker merges scans. It sorts only the
 * names, by inode, on the local disk if they are many: 32 bytes for each name, and twice that for a moment. Memory does not
 * grow with the volume. Changes nothing. One thread, used once.
 */
public final class ConsistencyChecker implements AutoCloseable {
    private static final int CHUNKS_PAGE = 4096;

    /** Number of directories remembered as being below the root. */
    private static final int KNOWN_MAX = 1 << 16;

    private final Volume volume;
    private final Path scratch;
    private final Consumer<Problem> problems;
    private final Map<Long, Boolean> belowRoot = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > KNOWN_MAX;
        }
    };
    private SortedRows names;
    private long problemCount;
    private long inodes;
    private long lastInode;
    private boolean hasRoot;
    private long allocatedBytes;
    private long metadataBytes;

    /**
     * @param scratch the place of temporary files
     * @param problems receives each problem when it is found; {@link #paths} knows its file
     */
    public ConsistencyChecker(Volume volume, Path scratch, Consumer<Problem> problems) {
        this.volume = volume;
        this.scratch = scratch;
        this.problems = problems;
    }

    /**
     * A contradiction.
     *
     * @param inode the inode that it is about; 0 if it is about the whole volume
     */
    public record Problem(long inode, String what) {
        @Override
        public String toString() {
            return inode == 0 ? what : "inode " + inode + ": " + what;
        }
    }

    /**
     * The result of a check.
     *
     * @param inodes number of inodes
     * @param allocatedBytes allocated bytes of all inodes
     * @param problems number of problems
     */
    public record Report(long inodes, long allocatedBytes, long problems) {}

    /** The facts about an inode during the scan. */
    private static final class Found {
        final InodeRecord record;
        int names;
        int subdirectories;
        long entries;
        long xattrListBytes;
        boolean orphan;
        boolean tombstone;

        Found(InodeRecord record) {
            this.record = record;
        }
    }

    public Report check() throws VolumeException, IOException {
        names = sortNames();
        try (SortedRows.Scan namesByInode = names.scan();
                Merge merge = new Merge(namesByInode);
                Cursor cursor = volume.scan(Keys.allInodes())) {
            while (cursor.next()) {
                try {
                    checkInode(Keys.inodeOf(cursor.key()), cursor.value(), merge);
                } catch (RecordFormatException e) {
                    report(new Problem(0, "key of an inode: " + e.getMessage()));
                }
            }
            merge.visitThrough(Long.MAX_VALUE, null);
        }
        checkVolume();
        return new Report(inodes, allocatedBytes, problemCount);
    }

    /** Returns the paths of files, while the check reports problems and after it. */
    public FilePaths paths() {
        return new FilePaths(volume, names);
    }

    @Override
    public void close() throws IOException {
        if (names != null) {
            names.close();
        }
    }

    /** Returns inode, directory, cookie and kind of each name that can be read. */
    private SortedRows sortNames() throws VolumeException, IOException {
        try (RowSorter sorter = new RowSorter(4, scratch);
                Cursor cursor = volume.scan(Keys.allEntries())) {
            while (cursor.next()) {
                try {
                    EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(cursor.key()), cursor.value());
                    sorter.add(
                            entry.inode(),
                            Keys.inodeOf(cursor.key()),
                            entry.cookie(),
                            entry.kind().ordinal());
                } catch (RecordFormatException e) {
                    // The merge visits the entry again and reports it.
                }
            }
            return sorter.sorted();
        }
    }

    private void report(Problem problem) {
        problemCount++;
        problems.accept(problem);
    }

    private void expect(boolean fine, String what, long inode) {
        if (!fine) {
            report(new Problem(inode, what));
        }
    }

    private void checkInode(long number, byte[] value, Merge merge) throws VolumeException, IOException {
        lastInode = number;
        inodes++;
        hasRoot |= number == InodeId.ROOT_NUMBER;
        try {
            InodeRecord record = InodeCodec.decode(number, value);
            allocatedBytes += record.allocatedBytes();
            metadataBytes += MetadataBytes.of(record);
            if (record.content() instanceof InodeContent.File file) {
                checkChunks(number, file);
            }
            Found found = new Found(record);
            merge.visitThrough(number, found);
            checkCounts(found);
        } catch (RecordFormatException e) {
            report(new Problem(number, e.getMessage()));
            merge.visitThrough(number, null);
        }
    }

    private void checkChunks(long inode, InodeContent.File file) throws VolumeException, RecordFormatException {
        long end = FileChunks.countFor(file.size());
        TruncatedTail tail = file.pendingTruncation();
        long count = 0;
        long dead = 0;
        long next = 0;
        long[] page;
        do {
            page = volume.presentChunks(new ChunkRange(inode, next, FileChunks.countFor(-1)), CHUNKS_PAGE, false);
            for (long chunk : page) {
                boolean within = chunk < end || tail != null && tail.contains(chunk);
                expect(within, "chunk " + chunk + " past the end", inode);
                dead += tail != null && tail.contains(chunk) && !isMarked(inode, chunk, tail) ? 1 : 0;
                next = chunk + 1;
            }
            count += page.length;
        } while (page.length == CHUNKS_PAGE);
        expect(count == file.chunks(), count + " chunks present, " + file.chunks() + " recorded", inode);
        expect(tail == null || tail.dead() <= dead, dead + " chunks cut off and present, more are recorded", inode);
    }

    private boolean isMarked(long inode, long chunk, TruncatedTail tail) throws VolumeException, RecordFormatException {
        byte[] mark = volume.get(Keys.rewritten(inode, chunk));
        return mark != null && SmallRecords.rewrittenSerial(mark) == tail.serial();
    }

    /** A record of an inode. */
    private interface Visit {
        /** @param found the inode; null if it is missing or unreadable */
        void at(Found found, byte[] key, byte[] value) throws VolumeException, RecordFormatException;
    }

    /** The scans of all records beside the inodes, in the order of inodes. */
    private final class Merge implements AutoCloseable {
        private final List<Side> sides = new ArrayList<>();
        private final SortedRows.Scan names;
        private boolean hasName;

        Merge(SortedRows.Scan names) throws VolumeException, IOException {
            this.names = names;
            this.hasName = names.next();
            sides.add(new Side(Keys.allEntries(), ConsistencyChecker.this::checkEntry));
            sides.add(new Side(Keys.allListings(), ConsistencyChecker.this::checkListing));
            sides.add(new Side(Keys.allXattrs(), ConsistencyChecker.this::checkXattr));
            sides.add(new Side(Keys.orphansFrom(0), ConsistencyChecker.this::checkOrphan));
            sides.add(new Side(Keys.tombstonesFrom(0), ConsistencyChecker.this::checkTombstone));
            sides.add(new Side(Keys.allRewritten(), ConsistencyChecker.this::checkMark));
        }

        /** Visits the records of all inodes up to this one. The inodes before it do not exist. */
        void visitThrough(long number, Found found) throws VolumeException, IOException {
            while (hasName && names.get(0) <= number) {
                checkName(names.get(0) == number ? found : null, names);
                hasName = names.next();
            }
            for (Side side : sides) {
                side.visitThrough(number, found);
            }
        }

        @Override
        public void close() {
            sides.forEach(Side::close);
        }
    }

    /** A scan of one kind of records. */
    private final class Side implements AutoCloseable {
        private final Cursor cursor;
        private final Visit visit;
        private boolean present;
        private long inode;

        Side(KeyRange range, Visit visit) throws VolumeException {
            this.cursor = volume.scan(range);
            this.visit = visit;
            advance();
        }

        private void advance() throws VolumeException {
            for (present = cursor.next(); present; present = cursor.next()) {
                try {
                    inode = Keys.inodeOf(cursor.key());
                    return;
                } catch (RecordFormatException e) {
                    report(new Problem(0, "key of kind " + cursor.key()[0] + ": " + e.getMessage()));
                }
            }
        }

        void visitThrough(long number, Found found) throws VolumeException {
            while (present && inode <= number) {
                try {
                    visit.at(inode == number ? found : null, cursor.key(), cursor.value());
                } catch (RecordFormatException e) {
                    report(new Problem(inode, "key of kind " + cursor.key()[0] + ": " + e.getMessage()));
                }
                advance();
            }
        }

        @Override
        public void close() {
            cursor.close();
        }
    }

    /** Checks a name from the side of the inode that it leads to. */
    private void checkName(Found child, SortedRows.Scan name) {
        if (child == null) {
            report(new Problem(name.get(0), "has a name in directory " + name.get(1) + " and no readable record"));
            return;
        }
        child.names++;
        boolean sameKind = name.get(3) == child.record.kind().ordinal();
        expect(sameKind, "is not of the kind that its entry says", child.record.number());
        if (child.record.isDirectory()) {
            boolean known = child.record.directory().parent() == name.get(1);
            expect(known, "is in directory " + name.get(1) + " and says otherwise", child.record.number());
        }
    }

    private void checkEntry(Found parent, byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long directory = Keys.inodeOf(key);
        EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(key), value);
        metadataBytes += MetadataBytes.ofEntry(entry.name());
        byte[] listing = volume.get(Keys.listing(directory, entry.cookie()));
        boolean listed = listing != null && entry.equals(EntryRecord.decodeByCookie(entry.cookie(), listing));
        expect(listed, "entry with cookie " + entry.cookie() + " is not listed as it is named", directory);
        if (parent == null || !parent.record.isDirectory()) {
            report(new Problem(directory, "has an entry to inode " + entry.inode() + " and is no directory"));
            return;
        }
        long nextCookie = parent.record.directory().nextCookie();
        boolean valid = entry.cookie() >= DirectoryStore.FIRST_COOKIE && entry.cookie() < nextCookie;
        expect(valid, "cookie " + entry.cookie() + " was never given", directory);
        parent.entries++;
        parent.subdirectories += entry.kind() == FileKind.DIRECTORY ? 1 : 0;
    }

    private void checkListing(Found parent, byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long directory = Keys.inodeOf(key);
        EntryRecord entry = EntryRecord.decodeByCookie(Keys.numberOf(key), value);
        byte[] named = volume.get(Keys.entry(directory, entry.name()));
        boolean same = named != null && entry.equals(EntryRecord.decodeByName(entry.name(), named));
        expect(same, "entry with cookie " + entry.cookie() + " is not named as it is listed", directory);
    }

    private void checkXattr(Found found, byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        metadataBytes += MetadataCount.ofXattr(key, value);
        if (found != null) {
            found.xattrListBytes += XattrOperations.listBytes(Keys.nameOf(key));
        } else {
            expect(volume.get(Keys.tombstone(inode)) != null, "is gone and has attributes", inode);
        }
    }

    private void checkOrphan(Found found, byte[] key, byte[] value) throws RecordFormatException {
        boolean fits = found != null && found.record.links() == 0;
        expect(fits, "is no orphan and is said to be", Keys.inodeOf(key));
        if (found != null) {
            found.orphan = true;
        }
    }

    private void checkTombstone(Found found, byte[] key, byte[] value) {
        if (found != null) {
            found.tombstone = true;
        }
    }

    private void checkMark(Found found, byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        long chunk = Keys.numberOf(key);
        if (found == null) {
            expect(volume.get(Keys.tombstone(inode)) != null, "is gone and has a mark", inode);
            return;
        }
        boolean inTail = found.record.content() instanceof InodeContent.File file
                && file.pendingTruncation() != null
                && file.pendingTruncation().contains(chunk);
        expect(inTail, "mark of chunk " + chunk + " outside a cut-off tail", inode);
    }

    private void checkCounts(Found found) throws VolumeException {
        InodeRecord record = found.record;
        long inode = record.number();
        boolean root = inode == InodeId.ROOT_NUMBER;
        if (record.isDirectory()) {
            int expected = root || record.links() == 0 ? 0 : 1;
            expect(found.names == expected, found.names + " names", inode);
            int links = record.links() == 0 ? 0 : 2 + found.subdirectories;
            expect(record.links() == links, record.links() + " links instead of " + links, inode);
            long entries = record.directory().entries();
            expect(found.entries == entries, found.entries + " entries, " + entries + " recorded", inode);
            expect(root || leadsToRoot(record), "is not below the root", inode);
        } else {
            expect(record.links() == found.names, record.links() + " links, " + found.names + " names", inode);
        }
        boolean shrunk = record.content() instanceof InodeContent.File file && file.pendingTruncation() != null;
        expect(found.orphan == (record.links() == 0), "is an orphan and is not said to be", inode);
        expect(found.tombstone == shrunk, "tombstone and cut-off tail do not agree", inode);
        expect(found.xattrListBytes == record.xattrListBytes(), "list of attributes has another length", inode);
    }

    /**
     * Returns whether the parents of a directory lead to the root. A removed directory, which a client holds, needs no
     * parent. Finds a cycle when the way comes to a mark again, which moves on in steps that double (R. P. Brent).
     */
    private boolean leadsToRoot(InodeRecord directory) throws VolumeException {
        List<Long> way = new ArrayList<>();
        InodeRecord at = directory;
        long mark = 0;
        long steps = 0;
        long next = 1;
        while (at.number() != InodeId.ROOT_NUMBER && at.links() > 0 && belowRoot.get(at.number()) == null) {
            if (at.number() == mark) {
                return false;
            }
            if (++steps == next) {
                mark = at.number();
                next *= 2;
            }
            if (way.size() < KNOWN_MAX) {
                way.add(at.number());
            }
            at = directory(at.directory().parent());
            if (at == null) {
                return false;
            }
        }
        way.forEach(number -> belowRoot.put(number, true));
        return true;
    }

    /** Returns a directory; null if it is missing, unreadable or no directory. */
    private InodeRecord directory(long number) throws VolumeException {
        byte[] value = volume.get(Keys.inode(number));
        try {
            InodeRecord record = value == null ? null : InodeCodec.decode(number, value);
            return record != null && record.isDirectory() ? record : null;
        } catch (RecordFormatException e) {
            return null;
        }
    }

    private void checkVolume() throws VolumeException {
        try {
            byte[] superblock = volume.get(Keys.superblock());
            byte[] counters = volume.get(Keys.counters());
            if (superblock == null || counters == null || !hasRoot) {
                report(new Problem(0, "superblock, counters or root directory are missing"));
                return;
            }
            Superblock.decode(superblock);
            Counters recorded = Counters.decode(counters);
            boolean counted = recorded.metadataBytes() != Counters.UNCOUNTED;
            Counters found = new Counters(
                    Math.max(recorded.nextInode(), lastInode + 1),
                    allocatedBytes,
                    inodes,
                    counted ? metadataBytes : Counters.UNCOUNTED);
            if (!found.equals(recorded)) {
                report(new Problem(0, "counters are " + recorded + " and should be " + found));
            }
        } catch (RecordFormatException e) {
            report(new Problem(0, "superblock or counters: " + e.getMessage()));
        }
    }
}
