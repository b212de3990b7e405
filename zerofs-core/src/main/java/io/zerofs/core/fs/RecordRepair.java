// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.format.Superblock;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.util.Arrays;

/**
 * Changes the records of a volume, one batch for each change. A change reads the records again and does nothing if they have
 * no problem any more, so a repair that was interrupted can begin again. Counts of directories are left to the next check.
 * One thread.
 */
final class RecordRepair {
    private static final int BATCH_CHUNKS = 1000;
    private static final int RECORD_BYTES = 64;
    private static final String LOST_AND_FOUND = "lost+found";
    private static final int PRIVATE_MODE = 0700;
    private static final int PRIVATE_FILE_MODE = 0600;
    private static final int NAMES_TRIED_MAX = 1000;

    private final Volume volume;
    private final DirectoryTree tree;
    private final FilePaths paths;
    private final Timestamp now;
    private final FileRepair.Listener listener;
    private long highestInode;
    private Batch batch;
    private int bytes;

    RecordRepair(Volume volume, FilePaths paths, long highestInode, Timestamp now, FileRepair.Listener listener) {
        this.volume = volume;
        this.tree = new DirectoryTree(volume);
        this.paths = paths;
        this.highestInode = highestInode;
        this.now = now;
        this.listener = listener;
    }

    /** Makes the change that settles a problem. Returns whether there was anything to change. */
    boolean settle(ConsistencyChecker.Problem problem) throws VolumeException, IOException {
        batch = volume.newBatch();
        bytes = 0;
        try {
            problem.fix().change().with(this);
        } catch (RecordFormatException e) {
            return false;
        }
        if (bytes == 0) {
            return false;
        }
        try (Reservation room = volume.reserve(null, bytes)) {
            volume.apply(batch);
        }
        return true;
    }

    private void done(long inode, String what) {
        listener.changed(inode, what, paths);
    }

    private void write(byte[] key, byte[] value) {
        batch.put(key, value);
        bytes += RECORD_BYTES + key.length + value.length;
    }

    private void erase(byte[] key) {
        batch.delete(key);
        bytes += RECORD_BYTES + key.length;
    }

    private void write(InodeRecord record) {
        write(Keys.inode(record.number()), InodeCodec.encode(record));
    }

    private void write(long directory, EntryRecord entry) {
        write(Keys.entry(directory, entry.name()), entry.encodeByName());
        write(Keys.listing(directory, entry.cookie()), entry.encodeByCookie());
    }

    /** Puts a record of one inode or of the volume. */
    void put(byte[] key, byte[] value) {
        if (key.length > 0) {
            write(key, value);
            done(0, "wrote a record of kind " + key[0]);
        }
    }

    void set(InodeRecord corrected) {
        write(corrected);
        done(corrected.number(), "the record is corrected");
    }

    /** Writes counters, unless a newer program wrote them. */
    void putCounters(Counters counters) throws VolumeException, RecordFormatException {
        byte[] value = volume.get(Keys.counters());
        try {
            if (value != null) {
                Counters.decode(value);
            }
        } catch (RecordFormatException e) {
            if (e.isNewer()) {
                throw e;
            }
        }
        put(Keys.counters(), counters.encode());
    }

    void putSuperblock() {
        write(Keys.superblock(), new Superblock(now).encode());
        done(0, "wrote a superblock");
    }

    void setTombstone(long inode, TruncatedTail tail) {
        if (tail == null) {
            erase(Keys.tombstone(inode));
        } else {
            write(Keys.tombstone(inode), SmallRecords.tombstone(tail.end()));
        }
        done(inode, "the tombstone is corrected");
    }

    /** Deletes a record that nothing explains. */
    void delete(byte[] key) throws VolumeException {
        if (volume.get(key) != null) {
            erase(key);
            done(
                    0,
                    "removed a record of kind " + key[0] + ", key "
                            + java.util.HexFormat.of().formatHex(key));
        }
    }

    /** Returns whether an inode does not exist after an attempt to rescue it, which may not be among the changes. */
    private boolean isGone(long inode) throws VolumeException, IOException {
        if (volume.get(Keys.inode(inode)) != null) {
            return false;
        }
        if (ConsistencyChecker.isPossible(inode) && volume.get(Keys.tombstone(inode)) == null) {
            rescue(inode);
        }
        return bytes == 0;
    }

    /** Deletes a record of an inode that does not exist. */
    void deleteIfGone(long inode, byte[] key) throws VolumeException, IOException {
        if (isGone(inode)) {
            delete(key);
        }
    }

    void dropChunk(ChunkId chunk) {
        batch.deleteChunk(chunk);
        bytes += RECORD_BYTES;
        done(chunk.inode(), "chunk " + chunk.index() + " is removed");
    }

    /** Removes the first chunks of an inode. The next check finds the others. */
    void dropChunks(long inode) throws VolumeException {
        for (ChunkId chunk : volume.chunksFrom(new ChunkId(inode, 0), BATCH_CHUNKS)) {
            if (chunk.inode() == inode) {
                dropChunk(chunk);
            }
        }
    }

    /** Returns the entry that the listing of a directory has at a cookie, if its name agrees; otherwise null. */
    private EntryRecord entryAt(long directory, long cookie) throws VolumeException, RecordFormatException {
        byte[] listing = volume.get(Keys.listing(directory, cookie));
        EntryRecord entry = listing == null ? null : EntryRecord.decodeByCookie(cookie, listing);
        boolean named =
                entry != null && Arrays.equals(volume.get(Keys.entry(directory, entry.name())), entry.encodeByName());
        return named ? entry : null;
    }

    void removeName(long directory, long cookie, long inode) throws VolumeException, RecordFormatException {
        EntryRecord entry = entryAt(directory, cookie);
        if (entry != null && entry.inode() == inode) {
            erase(Keys.entry(directory, entry.name()));
            erase(Keys.listing(directory, cookie));
            done(directory, "the name " + FilePaths.printable(entry.name()) + " of inode " + inode + " is removed");
        }
    }

    void removeNameIfGone(long directory, long cookie, long inode)
            throws VolumeException, IOException, RecordFormatException {
        if (isGone(inode)) {
            removeName(directory, cookie, inode);
        }
    }

    void setKind(long directory, long cookie, long inode) throws VolumeException, RecordFormatException {
        EntryRecord entry = entryAt(directory, cookie);
        byte[] value = volume.get(Keys.inode(inode));
        if (entry != null && value != null) {
            InodeRecord record = InodeCodec.decode(inode, value);
            write(directory, new EntryRecord(entry.name(), cookie, inode, record.kind()));
            done(inode, "the entry has the kind of the inode now");
        }
    }

    /** Puts a name into the listing of its directory, at its cookie or, if another name has it, at a new one. */
    void listName(long directory, EntryRecord entry) throws VolumeException, RecordFormatException {
        byte[] listing = volume.get(Keys.listing(directory, entry.cookie()));
        if (listing != null) {
            EntryRecord listed = EntryRecord.decodeByCookie(entry.cookie(), listing);
            if (!listed.name().equals(entry.name())) {
                giveCookie(directory, entry);
                return;
            }
        }
        if (tree.find(directory) != null) {
            write(Keys.listing(directory, entry.cookie()), entry.encodeByCookie());
            done(directory, "the name " + FilePaths.printable(entry.name()) + " is listed again");
        }
    }

    /** Gives an entry the next cookie of its directory. */
    void giveCookie(long directory, EntryRecord entry) throws VolumeException, RecordFormatException {
        InodeRecord parent = tree.find(directory);
        if (parent == null) {
            return;
        }
        InodeContent.Directory content = parent.directory();
        byte[] old = Keys.listing(directory, entry.cookie());
        if (Arrays.equals(volume.get(old), entry.encodeByCookie())) {
            erase(old);
        }
        long cookie = freeCookie(parent);
        write(directory, new EntryRecord(entry.name(), cookie, entry.inode(), entry.kind()));
        write(parent.withContent(new InodeContent.Directory(content.parent(), cookie + 1, content.entries())));
        done(directory, "the name " + FilePaths.printable(entry.name()) + " has a new cookie");
    }

    /** Returns the first cookie from the next one on that the listing does not have. */
    private long freeCookie(InodeRecord directory) throws VolumeException {
        long cookie =
                Math.max(DirectoryStore.FIRST_COOKIE, directory.directory().nextCookie());
        while (volume.get(Keys.listing(directory.number(), cookie)) != null) {
            cookie++;
        }
        return cookie;
    }

    /** Settles an entry of a listing that no name has: restores the name if it is gone, otherwise removes the entry. */
    void nameListing(long directory, EntryRecord entry) throws VolumeException, RecordFormatException {
        byte[] listing = Keys.listing(directory, entry.cookie());
        byte[] named = volume.get(Keys.entry(directory, entry.name()));
        if (!Arrays.equals(volume.get(listing), entry.encodeByCookie()) || Arrays.equals(named, entry.encodeByName())) {
            return;
        }
        if (named != null) {
            // The removal of an unreadable name comes first. Then the listing restores it.
            EntryRecord.decodeByName(entry.name(), named);
        }
        String name = FilePaths.printable(entry.name());
        if (named == null && tree.find(directory) != null) {
            write(Keys.entry(directory, entry.name()), entry.encodeByName());
            done(directory, "the name " + name + " is restored from the listing");
        } else {
            erase(listing);
            done(directory, "an entry of the listing that the name " + name + " does not have is removed");
        }
    }

    /** Makes a record for an inode of which something is left, or removes a record that is unreadable. */
    void rescue(long inode) throws VolumeException, IOException {
        byte[] value = volume.get(Keys.inode(inode));
        boolean root = inode == InodeId.ROOT_NUMBER;
        if (value != null) {
            try {
                if (InodeCodec.decode(inode, value).isDirectory() || !root) {
                    return;
                }
            } catch (RecordFormatException e) {
                if (e.isNewer()) {
                    return;
                }
                // This is the record to replace.
            }
        }
        long[] last = volume.presentChunks(new ChunkRange(inode, 0, CheckedInode.CHUNKS_MAX), 1, true);
        if (root || isPresent(Keys.entries(inode, inode)) || isPresent(Keys.listings(inode, inode))) {
            long parent = root ? inode : Math.max(InodeId.ROOT_NUMBER, paths.directoryOf(inode));
            InodeContent content = new InodeContent.Directory(parent, DirectoryStore.FIRST_COOKIE, 0);
            write(newRecord(inode, FileKind.DIRECTORY, PRIVATE_MODE, 2, content));
            done(inode, "a directory is made of the entries that are left; owner, mode and times are lost");
        } else if (last.length > 0) {
            InodeContent content = new InodeContent.File(FileChunks.offsetOf(last[0] + 1), 0, null, null);
            write(newRecord(inode, FileKind.REGULAR, PRIVATE_FILE_MODE, 1, content));
            done(inode, "a file is made of the data that is left; size, owner, mode and times are lost");
        } else if (value != null) {
            erase(Keys.inode(inode));
            done(inode, "the unreadable record is removed, of which nothing else is left");
        }
    }

    private boolean isPresent(KeyRange range) throws VolumeException {
        try (Cursor cursor = volume.scan(range)) {
            return cursor.next();
        }
    }

    /** Makes a record, and takes its number in the same batch, so that no file system creates an inode over it. */
    private InodeRecord newRecord(long inode, FileKind kind, int mode, int links, InodeContent content)
            throws VolumeException {
        take(inode);
        InodeId id = new InodeId(inode, volume.epoch());
        return new InodeRecord(id, kind, mode, links, 0, 0, 0, InodeRecord.Times.all(now), content);
    }

    private void take(long inode) throws VolumeException {
        byte[] value = volume.get(Keys.counters());
        try {
            Counters recorded = value == null ? null : Counters.decode(value);
            if (recorded != null && recorded.nextInode() <= inode) {
                write(Keys.counters(), recorded.withNextInode(inode + 1).encode());
            }
        } catch (RecordFormatException e) {
            // No file system opens with unreadable counters. The check that writes them again knows all numbers.
        }
    }

    /** Gives an inode without a name one in lost+found. */
    void connect(long inode) throws VolumeException, RecordFormatException {
        byte[] value = volume.get(Keys.inode(inode));
        InodeRecord directory = value == null ? null : lostAndFound();
        if (directory == null) {
            return;
        }
        InodeRecord child = InodeCodec.decode(inode, value);
        FileName name = freeName(directory.number(), "#" + inode);
        add(directory, name, child);
        if (child.isDirectory()) {
            InodeContent.Directory content = child.directory();
            write(child.withContent(
                    new InodeContent.Directory(directory.number(), content.nextCookie(), content.entries())));
        }
        done(inode, "without a name, it is now in /" + LOST_AND_FOUND + " as " + FilePaths.printable(name));
    }

    private void add(InodeRecord directory, FileName name, InodeRecord child) throws VolumeException {
        InodeContent.Directory content = directory.directory();
        long cookie = freeCookie(directory);
        write(directory.number(), new EntryRecord(name, cookie, child.number(), child.kind()));
        int subdirectories = child.isDirectory() ? 1 : 0;
        write(directory
                .withLinks(directory.links() + subdirectories)
                .withContent(new InodeContent.Directory(content.parent(), cookie + 1, content.entries() + 1)));
    }

    /** Returns the directory for inodes without a name, which it makes in a batch of its own; null without a root. */
    private InodeRecord lostAndFound() throws VolumeException, RecordFormatException {
        InodeRecord root = tree.find(InodeId.ROOT_NUMBER);
        if (root == null) {
            return null;
        }
        byte[] value = volume.get(Keys.entry(root.number(), nameOf(LOST_AND_FOUND)));
        if (value != null) {
            InodeRecord found = tree.find(
                    EntryRecord.decodeByName(nameOf(LOST_AND_FOUND), value).inode());
            if (found != null) {
                return found;
            }
        }
        InodeRecord made = newRecord(
                ++highestInode,
                FileKind.DIRECTORY,
                PRIVATE_MODE,
                2,
                new InodeContent.Directory(root.number(), DirectoryStore.FIRST_COOKIE, 0));
        write(made);
        FileName name = freeName(root.number(), LOST_AND_FOUND);
        add(root, name, made);
        done(made.number(), "made the directory /" + FilePaths.printable(name));
        try (Reservation room = volume.reserve(null, bytes)) {
            volume.apply(batch);
        }
        batch = volume.newBatch();
        bytes = 0;
        return made;
    }

    /** Returns the name, with a number if it is taken. */
    private FileName freeName(long directory, String wish) throws VolumeException {
        for (int i = 0; i < NAMES_TRIED_MAX; i++) {
            FileName name = nameOf(i == 0 ? wish : wish + "." + i);
            if (volume.get(Keys.entry(directory, name)) == null) {
                return name;
            }
        }
        throw new VolumeException(VolumeException.Kind.CORRUPT, "no free name like " + wish);
    }

    private static FileName nameOf(String text) {
        try {
            return FileName.of(text);
        } catch (FsException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
