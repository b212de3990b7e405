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
import java.util.Arrays;
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
    private final Volume volume;
    private final Path scratch;
    private final Consumer<Problem> problems;
    private final Progress progress;
    private final DirectoryTree tree;
    private final EntryAgreement entries;
    private SortedRows names;
    private SortedRows.Scan name;
    private boolean hasName;
    private RecordMerge merge;
    private long chunkOwner;
    private long unreadable;
    private long highest;
    private long expected;
    private long namesAndInodes;
    private long problemCount;
    private long inodes;
    private long lastInode;
    private boolean hasRoot;
    private boolean hasNewerName;
    private boolean hasNewerInode;
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
        this.tree = new DirectoryTree(volume);
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
     * @param fix the change that settles it; null if the change of another problem does, or nothing
     */
    public record Problem(long inode, String what, Fix fix) {
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
        Counters counters = recorded();
        expected = counters == null ? 0 : 2 * counters.inodes();
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
                    byte[] key = cursor.key();
                    report(0, "key of an inode: " + e.getMessage(), Fix.removal(repair -> repair.delete(key)));
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
                    hasNewerName |= e.isNewer();
                }
            }
            return sorter.sorted();
        }
    }

    private void report(Problem problem) {
        problemCount++;
        problems.accept(problem);
    }

    private void report(long inode, String what, Fix fix) {
        report(new Problem(inode, what, fix));
    }

    private void expect(boolean fine, String what, long inode, Fix fix) {
        if (!fine) {
            report(inode, what, fix);
        }
    }

    private void checkInode(long number, byte[] value) throws VolumeException, IOException {
        inodes++;
        progress.reached(++namesAndInodes, expected);
        try {
            InodeRecord record = InodeCodec.decode(number, value);
            hasRoot |= number == InodeId.ROOT_NUMBER && record.isDirectory();
            allocatedBytes += record.allocatedBytes();
            metadataBytes += MetadataBytes.of(record);
            CheckedInode found = new CheckedInode(record);
            visitThrough(number, found);
            checkCounts(found);
        } catch (RecordFormatException e) {
            hasNewerInode |= e.isNewer();
            report(number, e.getMessage(), e.isNewer() ? null : Fix.rescue(number));
            unreadable = number;
            visitThrough(number, null);
        }
        lastInode = number;
        reach(number);
    }

    /** Returns whether an inode can have this number. */
    static boolean isPossible(long inode) {
        return inode > 0 && inode <= InodeId.NUMBER_MAX;
    }

    /** Remembers the number of an inode, or of remains from which a repair may make one or which a file system deletes. */
    private void reach(long inode) {
        highest = isPossible(inode) ? Math.max(highest, inode) : highest;
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
        boolean possible = isPossible(inode);
        reach(inode);
        chunks++;
        if (found != null && found.record.content() instanceof InodeContent.File file) {
            TruncatedTail tail = file.pendingTruncation();
            boolean inTail = tail != null && tail.contains(chunk.index());
            boolean within = inTail || chunk.index() < FileChunks.countFor(file.size());
            if (!within && (tail != null || chunk.index() >= CheckedInode.CHUNKS_MAX)) {
                report(inode, pastEnd(chunk.index()), Fix.removal(repair -> repair.dropChunk(chunk)));
            }
            found.chunks++;
            found.lastChunk = chunk.index();
            found.dead += inTail && !isMarked(inode, chunk.index(), tail) ? 1 : 0;
        } else if (chunkOwner != inode) {
            chunkOwner = inode;
            if (found != null) {
                report(inode, "is no file and has chunks", Fix.removal(repair -> repair.dropChunks(inode)));
            } else if (inode != unreadable && volume.get(Keys.tombstone(inode)) == null) {
                Fix fix = possible ? Fix.rescue(inode) : Fix.removal(repair -> repair.dropChunks(inode));
                report(0, "inode " + inode + " does not exist and has chunks", fix);
            }
        }
    }

    private static String pastEnd(long chunk) {
        return "chunk " + chunk + " past the end";
    }

    private boolean isMarked(long inode, long chunk, TruncatedTail tail) throws VolumeException {
        byte[] mark = volume.get(Keys.rewritten(inode, chunk));
        return Arrays.equals(mark, SmallRecords.rewritten(tail.serial()));
    }

    /** Checks a name from the side of the inode that it leads to. */
    private void checkName(CheckedInode child) {
        long inode = name.get(0);
        long directory = name.get(1);
        long cookie = name.get(2);
        if (child == null) {
            // A rescue may make a record of what is left of the inode. After it the name stays.
            Fix fix = Fix.removal(repair -> repair.removeNameIfGone(directory, cookie, inode));
            report(inode, "has a name in directory " + directory + " and no readable record", fix);
            return;
        }
        child.names++;
        boolean sameKind = name.get(3) == child.record.kind().ordinal();
        Fix kind = Fix.name(repair -> repair.setKind(directory, cookie, inode));
        expect(sameKind, "is not of the kind that its entry says", inode, kind);
        boolean known = child.record.isDirectory() && child.record.directory().parent() == directory;
        if (child.record.isDirectory()) {
            expect(known, "is in directory " + directory + " and says otherwise", inode, null);
        }
        if (child.record.isDirectory() && (child.names > 1 || child.isRoot())) {
            // The name in the directory that the record says stays, or else the first one.
            boolean better = child.names > 1 && known && child.nameDirectory != directory;
            long left = better ? child.nameDirectory : directory;
            long leftCookie = better ? child.nameCookie : cookie;
            Fix removal = Fix.name(repair -> repair.removeName(left, leftCookie, inode));
            report(inode, "has another name in directory " + left, removal);
        }
        if (child.names == 1 || known) {
            child.nameDirectory = directory;
            child.nameCookie = cookie;
        }
    }

    private void checkEntry(CheckedInode parent, byte[] key, byte[] value)
            throws VolumeException, RecordFormatException {
        long directory = Keys.inodeOf(key);
        EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(key), value);
        metadataBytes += MetadataBytes.ofEntry(entry.name());
        reach(directory);
        entries.addNamed(directory, entry);
        if (parent == null || !parent.record.isDirectory()) {
            Fix fix = parent == null ? Fix.rescue(directory) : Fix.removal(repair -> repair.delete(key));
            report(directory, "has an entry to inode " + entry.inode() + " and is no directory", fix);
            return;
        }
        long nextCookie = parent.record.directory().nextCookie();
        boolean valid = entry.cookie() >= DirectoryStore.FIRST_COOKIE && entry.cookie() < nextCookie;
        Fix cookie = Fix.name(repair -> repair.giveCookie(directory, entry));
        expect(valid, "cookie " + entry.cookie() + " was never given", directory, cookie);
        parent.entries++;
        parent.subdirectories += entry.kind() == FileKind.DIRECTORY ? 1 : 0;
    }

    private void checkListing(CheckedInode parent, byte[] key, byte[] value) throws RecordFormatException {
        reach(Keys.inodeOf(key));
        entries.addListed(Keys.inodeOf(key), EntryRecord.decodeByCookie(Keys.numberOf(key), value));
    }

    private void disagree(long directory, EntryRecord entry, boolean named) {
        String how = named ? " is not listed as it is named" : " is not named as it is listed";
        Fix fix = Fix.name(repair -> {
            if (named) {
                repair.listName(directory, entry);
            } else {
                repair.nameListing(directory, entry);
            }
        });
        report(directory, "entry with cookie " + entry.cookie() + how, fix);
    }

    private void checkXattr(CheckedInode found, byte[] key, byte[] value)
            throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        metadataBytes += MetadataCount.ofXattr(key, value);
        if (found != null) {
            found.xattrListBytes += XattrOperations.listBytes(Keys.nameOf(key));
        } else if (inode != unreadable) {
            boolean dying = volume.get(Keys.tombstone(inode)) != null;
            Fix fix = Fix.removal(repair -> repair.deleteIfGone(inode, key));
            expect(dying, "is gone and has attributes", inode, fix);
        }
    }

    private void checkOrphan(CheckedInode found, byte[] key, byte[] value) throws RecordFormatException {
        boolean fits = found == null ? Keys.inodeOf(key) == unreadable : found.record.links() == 0;
        Fix fix = Fix.record(repair -> repair.delete(key));
        expect(fits, "is no orphan and is said to be", Keys.inodeOf(key), fix);
        if (found != null) {
            found.orphan = true;
        }
    }

    private void checkTombstone(CheckedInode found, byte[] key, byte[] value) throws RecordFormatException {
        SmallRecords.tombstoneEnd(value);
        reach(Keys.inodeOf(key));
        if (found != null) {
            found.tombstone = true;
        }
    }

    private void checkMark(CheckedInode found, byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        long chunk = Keys.numberOf(key);
        if (found != null) {
            boolean inTail = found.tail() != null && found.tail().contains(chunk);
            Fix fix = Fix.removal(repair -> repair.delete(key));
            expect(inTail, "mark of chunk " + chunk + " outside a cut-off tail", inode, fix);
        } else if (inode != unreadable) {
            boolean dying = volume.get(Keys.tombstone(inode)) != null;
            expect(dying, "is gone and has a mark", inode, Fix.removal(repair -> repair.deleteIfGone(inode, key)));
        }
    }

    private void checkCounts(CheckedInode found) throws VolumeException {
        InodeRecord record = found.record;
        long inode = record.number();
        InodeRecord corrected = found.corrected();
        // An inode may have names that only a newer program can read.
        Fix fix = hasNewerName || corrected.equals(record) ? null : Fix.record(repair -> repair.set(corrected));
        boolean needsName = !found.isRoot() && found.names == 0 && record.links() > 0;
        Fix naming = needsName && !hasNewerName ? Fix.connection(inode) : fix;
        if (record.isDirectory()) {
            int expected = found.isRoot() || record.links() == 0 && found.names == 0 ? 0 : 1;
            expect(found.names == expected, found.names + " names", inode, naming);
            int links = needsName ? 2 + found.subdirectories : found.links();
            expect(record.links() == links, record.links() + " links instead of " + links, inode, fix);
            long recorded = record.directory().entries();
            expect(found.entries == recorded, found.entries + " entries, " + recorded + " recorded", inode, fix);
            if (!found.isRoot() && !tree.leadsToRoot(record)) {
                boolean cut = found.names == 1 && tree.isLeastOfCycle(record);
                Fix detaching = Fix.name(repair -> repair.removeName(found.nameDirectory, found.nameCookie, inode));
                report(inode, "is not below the root", cut ? detaching : fix);
            }
        } else {
            expect(record.links() == found.names, record.links() + " links, " + found.names + " names", inode, naming);
        }
        if (record.content() instanceof InodeContent.File file) {
            boolean counted = found.chunks == file.chunks();
            expect(counted, found.chunks + " chunks present, " + file.chunks() + " recorded", inode, fix);
            expect(!found.isTooShort(), pastEnd(found.lastChunk), inode, fix);
            boolean few = found.tail() == null || found.tail().dead() <= found.dead;
            expect(few, found.dead + " chunks cut off and present, more are recorded", inode, fix);
        }
        boolean orphan = record.links() == 0;
        Fix orphaning =
                found.names > 0 ? fix : Fix.record(repair -> repair.put(Keys.orphan(inode), SmallRecords.orphan()));
        expect(found.orphan == orphan, "is an orphan and is not said to be", inode, orphan ? orphaning : null);
        boolean agree = found.tombstone == (found.tail() != null);
        Fix tombstone = Fix.record(repair -> repair.setTombstone(inode, found.tail()));
        expect(agree, "tombstone and cut-off tail do not agree", inode, tombstone);
        boolean listed = found.xattrListBytes == record.xattrListBytes();
        expect(listed, "list of attributes has another length", inode, fix);
    }

    private void checkVolume() throws VolumeException {
        if (!hasRoot) {
            report(0, "the root directory is missing", Fix.rescue(InodeId.ROOT_NUMBER));
        }
        if (!hasSuperblock()) {
            report(0, "the superblock is missing or unreadable", Fix.record(RecordRepair::putSuperblock));
        }
        Counters recorded = recorded();
        boolean counted = recorded == null || recorded.metadataBytes() != Counters.UNCOUNTED;
        long next = Math.max(recorded == null ? 0 : recorded.nextInode(), highest + 1);
        Counters found = new Counters(next, allocatedBytes, inodes, counted ? metadataBytes : Counters.UNCOUNTED);
        if (!found.equals(recorded)) {
            String what = recorded == null ? "missing or unreadable" : recorded.toString();
            // The sums lack the records that only a newer program can read.
            boolean known = !hasNewerName && !hasNewerInode;
            Fix fix = known ? Fix.record(repair -> repair.putCounters(found)) : null;
            report(0, "counters are " + what + " and should be " + found, fix);
        }
        highest = Math.max(highest, next - 1);
    }

    private boolean hasSuperblock() throws VolumeException {
        byte[] value = volume.get(Keys.superblock());
        try {
            return value != null && Superblock.decode(value) != null;
        } catch (RecordFormatException e) {
            return false;
        }
    }

    /** Returns the counters of the volume; null if they are missing or unreadable. */
    private Counters recorded() throws VolumeException {
        byte[] value = volume.get(Keys.counters());
        try {
            return value == null ? null : Counters.decode(value);
        } catch (RecordFormatException e) {
            return null;
        }
    }

    /** Returns the highest number that an inode, or what is left of one, has. Called after the check. */
    long highestInode() {
        return highest;
    }
}
