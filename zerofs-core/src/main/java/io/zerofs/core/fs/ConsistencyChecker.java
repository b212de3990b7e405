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
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
    /** Number of directories remembered as being below the root. */
    private static final int KNOWN_MAX = 1 << 16;

    private final Volume volume;
    private final Path scratch;
    private final Consumer<Problem> problems;
    private final Progress progress;
    private final Map<Long, Boolean> belowRoot = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > KNOWN_MAX;
        }
    };
    private final EntryAgreement entries;
    private SortedRows names;
    private SortedRows.Scan name;
    private boolean hasName;
    private RecordMerge merge;
    private long chunkOwner;
    private long expected;
    private long namesAndInodes;
    private long problemCount;
    private long inodes;
    private long lastInode;
    private boolean hasRoot;
    private long chunks;
    private long allocatedBytes;
    private long metadataBytes;

    /**
     * @param scratch the place of temporary files
     * @param problems receives each problem when it is found; {@link #paths} knows its file
     */
    public ConsistencyChecker(Volume volume, Path scratch, Consumer<Problem> problems) {
        this(volume, scratch, problems, (done, total) -> {});
    }

    /**
     * @param scratch the place of temporary files
     * @param problems receives each problem when it is found; {@link #paths} knows its file
     * @param progress receives the progress
     */
    public ConsistencyChecker(Volume volume, Path scratch, Consumer<Problem> problems, Progress progress) {
        this.volume = volume;
        this.scratch = scratch;
        this.problems = problems;
        this.progress = progress;
        this.entries = new EntryAgreement(volume, this::disagree);
    }

    /** Receives the progress of a check. Must be quick. */
    @FunctionalInterface
    public interface Progress {
        /** @param total number of names and inodes, by the counters of the volume, which may be wrong */
        void reached(long namesAndInodes, long total);
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
     * @param chunks number of chunks
     * @param allocatedBytes allocated bytes of all inodes
     * @param problems number of problems
     */
    public record Report(long inodes, long chunks, long allocatedBytes, long problems) {}

    public Report check() throws VolumeException, IOException {
        expected = 2 * recordedInodes();
        names = sortNames();
        try (SortedRows.Scan byInode = names.scan();
                RecordMerge records = new RecordMerge(volume, this::report, this::checkChunk);
                Cursor cursor = volume.scan(Keys.allInodes())) {
            name = byInode;
            hasName = name.next();
            merge = records;
            records.add(Keys.allEntries(), this::checkEntry);
            records.add(Keys.allListings(), this::checkListing);
            records.add(Keys.allXattrs(), this::checkXattr);
            records.add(Keys.orphansFrom(0), this::checkOrphan);
            records.add(Keys.tombstonesFrom(0), this::checkTombstone);
            records.add(Keys.allRewritten(), this::checkMark);
            while (cursor.next()) {
                try {
                    checkInode(Keys.inodeOf(cursor.key()), cursor.value());
                } catch (RecordFormatException e) {
                    report(new Problem(0, "key of an inode: " + e.getMessage()));
                }
            }
            visitThrough(Long.MAX_VALUE, null);
        }
        checkVolume();
        return new Report(inodes, chunks, allocatedBytes, problemCount);
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

    /** Returns the number of inodes by the counters of the volume; 0 if they are missing or unreadable. */
    private long recordedInodes() throws VolumeException {
        try {
            byte[] counters = volume.get(Keys.counters());
            return counters == null ? 0 : Counters.decode(counters).inodes();
        } catch (RecordFormatException e) {
            return 0;
        }
    }

    /** Returns inode, directory, cookie and kind of each name that can be read. */
    private SortedRows sortNames() throws VolumeException, IOException {
        try (RowSorter sorter = new RowSorter(4, scratch);
                Cursor cursor = volume.scan(Keys.allEntries())) {
            while (cursor.next()) {
                progress.reached(++namesAndInodes, expected);
                try {
                    byte[] key = cursor.key();
                    EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(key), cursor.value());
                    sorter.add(
                            entry.inode(),
                            Keys.inodeOf(key),
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

    private void checkInode(long number, byte[] value) throws VolumeException, IOException {
        inodes++;
        progress.reached(++namesAndInodes, expected);
        hasRoot |= number == InodeId.ROOT_NUMBER;
        try {
            InodeRecord record = InodeCodec.decode(number, value);
            allocatedBytes += record.allocatedBytes();
            metadataBytes += MetadataBytes.of(record);
            CheckedInode found = new CheckedInode(record);
            visitThrough(number, found);
            checkCounts(found);
        } catch (RecordFormatException e) {
            report(new Problem(number, e.getMessage()));
            visitThrough(number, null);
        }
        lastInode = number;
    }

    /** Visits the records of all inodes up to this one. The inodes between the last one and this one do not exist. */
    private void visitThrough(long number, CheckedInode found) throws VolumeException, IOException {
        for (; hasName && name.get(0) <= number; hasName = name.next()) {
            checkName(name.get(0) == number ? found : null);
        }
        merge.visitThrough(number, found);
        entries.compare(lastInode + 1, number);
    }

    private void checkChunk(CheckedInode found, ChunkId chunk) throws VolumeException {
        long inode = chunk.inode();
        chunks++;
        if (found != null && found.record.content() instanceof InodeContent.File file) {
            TruncatedTail tail = file.pendingTruncation();
            boolean inTail = tail != null && tail.contains(chunk.index());
            boolean within = inTail || chunk.index() < FileChunks.countFor(file.size());
            expect(within, "chunk " + chunk.index() + " past the end", inode);
            found.chunks++;
            found.dead += inTail && !isMarked(inode, chunk.index(), tail) ? 1 : 0;
        } else if (chunkOwner != inode) {
            chunkOwner = inode;
            if (found != null) {
                report(new Problem(inode, "is no file and has chunks"));
            } else if (volume.get(Keys.inode(inode)) == null && volume.get(Keys.tombstone(inode)) == null) {
                report(new Problem(0, "inode " + inode + " does not exist and has chunks"));
            }
        }
    }

    private boolean isMarked(long inode, long chunk, TruncatedTail tail) throws VolumeException {
        byte[] mark = volume.get(Keys.rewritten(inode, chunk));
        return Arrays.equals(mark, SmallRecords.rewritten(tail.serial()));
    }

    /** Checks a name from the side of the inode that it leads to. */
    private void checkName(CheckedInode child) {
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

    private void checkEntry(CheckedInode parent, byte[] key, byte[] value)
            throws VolumeException, RecordFormatException {
        long directory = Keys.inodeOf(key);
        EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(key), value);
        metadataBytes += MetadataBytes.ofEntry(entry.name());
        entries.addNamed(directory, entry);
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

    private void checkListing(CheckedInode parent, byte[] key, byte[] value) throws RecordFormatException {
        entries.addListed(Keys.inodeOf(key), EntryRecord.decodeByCookie(Keys.numberOf(key), value));
    }

    private void disagree(long directory, EntryRecord entry, boolean named) {
        String how = named ? " is not listed as it is named" : " is not named as it is listed";
        report(new Problem(directory, "entry with cookie " + entry.cookie() + how));
    }

    private void checkXattr(CheckedInode found, byte[] key, byte[] value)
            throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        metadataBytes += MetadataCount.ofXattr(key, value);
        if (found != null) {
            found.xattrListBytes += XattrOperations.listBytes(Keys.nameOf(key));
        } else {
            expect(volume.get(Keys.tombstone(inode)) != null, "is gone and has attributes", inode);
        }
    }

    private void checkOrphan(CheckedInode found, byte[] key, byte[] value) throws RecordFormatException {
        boolean fits = found != null && found.record.links() == 0;
        expect(fits, "is no orphan and is said to be", Keys.inodeOf(key));
        if (found != null) {
            found.orphan = true;
        }
    }

    private void checkTombstone(CheckedInode found, byte[] key, byte[] value) {
        if (found != null) {
            found.tombstone = true;
        }
    }

    private void checkMark(CheckedInode found, byte[] key, byte[] value) throws VolumeException, RecordFormatException {
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

    private void checkCounts(CheckedInode found) throws VolumeException {
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
        if (record.content() instanceof InodeContent.File file) {
            expect(
                    found.chunks == file.chunks(),
                    found.chunks + " chunks present, " + file.chunks() + " recorded",
                    inode);
            TruncatedTail tail = file.pendingTruncation();
            boolean few = tail == null || tail.dead() <= found.dead;
            expect(few, found.dead + " chunks cut off and present, more are recorded", inode);
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
        while (at.number() != InodeId.ROOT_NUMBER
                && at.links() > 0
                && !isBelowRoot(at.directory().parent())) {
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
        way.add(at.number());
        way.forEach(number -> belowRoot.put(number, true));
        return true;
    }

    private boolean isBelowRoot(long directory) {
        return directory == InodeId.ROOT_NUMBER && hasRoot || belowRoot.get(directory) != null;
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
