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
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Scans a whole volume and reports contradictions. It compares link counts and names, names and cookies, counters
 * and the sum of all inodes, present chunks and file sizes. It also compares orphans, tombstones and marks with their
 * inodes.
 *
 * <p>The volume must not change meanwhile. A barrier must follow its last change, because the volume writes the
 * counters at cuts. Memory grows with the number of inodes, some hundred bytes each. Changes nothing. One thread, used
 * once.
 */
public final class ConsistencyChecker {
    private static final int PROBLEMS_MAX = 1000;
    private static final int CHUNKS_PAGE = 4096;

    private final Volume volume;
    private final List<String> problems = new ArrayList<>();
    private final Map<Long, Found> inodes = new HashMap<>();
    private long allocatedBytes;
    private long metadataBytes;

    public ConsistencyChecker(Volume volume) {
        this.volume = volume;
    }

    /**
     * The result of a check.
     *
     * @param inodes number of inodes
     * @param allocatedBytes allocated bytes of all inodes
     * @param problems one line each, the first thousand; a line names a file only by its inode number
     */
    public record Report(long inodes, long allocatedBytes, List<String> problems) {
        public boolean isConsistent() {
            return problems.isEmpty();
        }
    }

    /** The facts about an inode during the scan. */
    private static final class Found {
        final InodeRecord record;
        int names;
        int subdirectories;
        long entries;
        long xattrListBytes;
        boolean orphan;
        boolean tombstone;
        boolean leadsToRoot;

        Found(InodeRecord record) {
            this.record = record;
        }
    }

    /** One entry of a scan. */
    private interface Visit {
        void at(byte[] key, byte[] value) throws VolumeException, RecordFormatException;
    }

    public Report check() throws VolumeException {
        scan(Keys.allInodes(), this::checkInode);
        scan(Keys.allEntries(), this::checkEntry);
        scan(Keys.allListings(), this::checkListing);
        scan(Keys.allXattrs(), this::checkXattr);
        scan(Keys.orphansFrom(0), this::checkOrphan);
        scan(Keys.tombstonesFrom(0), this::checkTombstone);
        scan(Keys.allRewritten(), this::checkMark);
        for (Found found : inodes.values()) {
            checkCounts(found);
        }
        checkVolume();
        return new Report(inodes.size(), allocatedBytes, List.copyOf(problems));
    }

    private void scan(KeyRange range, Visit visit) throws VolumeException {
        try (Cursor cursor = volume.scan(range)) {
            while (cursor.next()) {
                try {
                    visit.at(cursor.key(), cursor.value());
                } catch (RecordFormatException e) {
                    report("key of kind " + cursor.key()[0] + ": " + e.getMessage());
                }
            }
        }
    }

    private void report(String problem) {
        if (problems.size() < PROBLEMS_MAX) {
            problems.add(problem);
        }
    }

    private void expect(boolean fine, String what, long inode) {
        if (!fine) {
            report("inode " + inode + ": " + what);
        }
    }

    private void checkInode(byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        InodeRecord record = InodeCodec.decode(Keys.inodeOf(key), value);
        inodes.put(record.number(), new Found(record));
        allocatedBytes += record.allocatedBytes();
        metadataBytes += MetadataBytes.of(record);
        if (record.content() instanceof InodeContent.File file) {
            checkChunks(record.number(), file);
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

    private void checkEntry(byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long directory = Keys.inodeOf(key);
        EntryRecord entry = EntryRecord.decodeByName(Keys.nameOf(key), value);
        metadataBytes += MetadataBytes.ofEntry(entry.name());
        byte[] listing = volume.get(Keys.listing(directory, entry.cookie()));
        boolean listed = listing != null && entry.equals(EntryRecord.decodeByCookie(entry.cookie(), listing));
        expect(listed, "entry with cookie " + entry.cookie() + " is not listed as it is named", directory);
        Found parent = directory(directory);
        Found child = inodes.get(entry.inode());
        if (parent == null || child == null) {
            report("entry of directory " + directory + " to inode " + entry.inode() + ": one of them is missing");
            return;
        }
        long nextCookie = parent.record.directory().nextCookie();
        boolean valid = entry.cookie() >= DirectoryStore.FIRST_COOKIE && entry.cookie() < nextCookie;
        expect(valid, "cookie " + entry.cookie() + " was never given", directory);
        expect(entry.kind() == child.record.kind(), "is not of the kind that its entry says", entry.inode());
        parent.entries++;
        child.names++;
        if (child.record.isDirectory()) {
            parent.subdirectories++;
            boolean known = child.record.directory().parent() == directory;
            expect(known, "is in directory " + directory + " and says otherwise", entry.inode());
        }
    }

    private Found directory(long number) {
        Found found = inodes.get(number);
        return found != null && found.record.isDirectory() ? found : null;
    }

    private void checkListing(byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long directory = Keys.inodeOf(key);
        EntryRecord entry = EntryRecord.decodeByCookie(Keys.numberOf(key), value);
        byte[] named = volume.get(Keys.entry(directory, entry.name()));
        boolean same = named != null && entry.equals(EntryRecord.decodeByName(entry.name(), named));
        expect(same, "entry with cookie " + entry.cookie() + " is not named as it is listed", directory);
    }

    private void checkXattr(byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        Found found = inodes.get(inode);
        metadataBytes += MetadataCount.ofXattr(key, value);
        if (found != null) {
            found.xattrListBytes += XattrOperations.listBytes(Keys.nameOf(key));
        } else {
            expect(volume.get(Keys.tombstone(inode)) != null, "is gone and has attributes", inode);
        }
    }

    private void checkOrphan(byte[] key, byte[] value) throws RecordFormatException {
        long inode = Keys.inodeOf(key);
        Found found = inodes.get(inode);
        expect(found != null && found.record.links() == 0, "is no orphan and is said to be", inode);
        if (found != null) {
            found.orphan = true;
        }
    }

    private void checkTombstone(byte[] key, byte[] value) throws RecordFormatException {
        Found found = inodes.get(Keys.inodeOf(key));
        if (found != null) {
            found.tombstone = true;
        }
    }

    private void checkMark(byte[] key, byte[] value) throws VolumeException, RecordFormatException {
        long inode = Keys.inodeOf(key);
        long chunk = Keys.numberOf(key);
        Found found = inodes.get(inode);
        if (found == null) {
            expect(volume.get(Keys.tombstone(inode)) != null, "is gone and has a mark", inode);
            return;
        }
        boolean inTail = found.record.content() instanceof InodeContent.File file
                && file.pendingTruncation() != null
                && file.pendingTruncation().contains(chunk);
        expect(inTail, "mark of chunk " + chunk + " outside a cut-off tail", inode);
    }

    private void checkCounts(Found found) {
        InodeRecord record = found.record;
        long inode = record.number();
        boolean root = inode == InodeId.ROOT_NUMBER;
        if (record.kind() == FileKind.DIRECTORY) {
            int names = root || record.links() == 0 ? 0 : 1;
            expect(found.names == names, found.names + " names", inode);
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
     * parent.
     */
    private boolean leadsToRoot(InodeRecord directory) {
        List<Found> way = new ArrayList<>();
        InodeRecord at = directory;
        while (at.number() != InodeId.ROOT_NUMBER && at.links() > 0) {
            Found parent = directory(at.directory().parent());
            if (parent == null || way.size() > inodes.size()) {
                return false;
            }
            if (parent.leadsToRoot) {
                break;
            }
            way.add(parent);
            at = parent.record;
        }
        way.forEach(found -> found.leadsToRoot = true);
        return true;
    }

    private void checkVolume() throws VolumeException {
        try {
            byte[] superblock = volume.get(Keys.superblock());
            byte[] counters = volume.get(Keys.counters());
            if (superblock == null || counters == null || !inodes.containsKey(InodeId.ROOT_NUMBER)) {
                report("superblock, counters or root directory are missing");
                return;
            }
            Superblock.decode(superblock);
            Counters recorded = Counters.decode(counters);
            long last =
                    inodes.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
            boolean counted = recorded.metadataBytes() != Counters.UNCOUNTED;
            Counters found = new Counters(
                    Math.max(recorded.nextInode(), last + 1),
                    allocatedBytes,
                    inodes.size(),
                    counted ? metadataBytes : Counters.UNCOUNTED);
            if (!found.equals(recorded)) {
                report("counters are " + recorded + " and should be " + found);
            }
        } catch (RecordFormatException e) {
            report("superblock or counters: " + e.getMessage());
        }
    }
}
