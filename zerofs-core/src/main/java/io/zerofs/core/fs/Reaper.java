// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeContent.File;
import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Removes the remains of operations in bounded steps: orphans that no client holds any more, the chunks and extended
 * attributes of deleted inodes, and the truncated tails of files. Runs on the background thread; {@link #removeTail} on
 * any.
 */
final class Reaper implements BackgroundQueue.Worker, AutoCloseable {
    private static final int PER_ITEM_BYTES = 300;
    private static final int RECOVERY_PAGE = 1000;

    private final OperationContext context;
    private final MetadataCount count;
    private final int batchChunks;
    private boolean orphansDone;
    private boolean tombstonesDone;
    private long nextToRecover = 1;

    /** @param count counts the metadata if the volume has no count of them, else null; closed with this object */
    Reaper(OperationContext context, MetadataCount count) {
        this.context = context;
        this.count = count;
        batchChunks = context.settings().backgroundBatchChunks();
    }

    /** Closes the count of metadata. The background thread must have ended. */
    @Override
    public void close() {
        if (count != null) {
            count.close();
        }
    }

    @Override
    public boolean recover() throws FsException {
        if (tombstonesDone) {
            return countSome();
        }
        KeyRange range = orphansDone ? Keys.tombstonesFrom(nextToRecover) : Keys.orphansFrom(nextToRecover);
        List<byte[]> keys = keysOf(range, RECOVERY_PAGE);
        for (byte[] key : keys) {
            long inode = inodeOf(key);
            context.background().add(inode);
            nextToRecover = inode + 1;
        }
        if (keys.size() < RECOVERY_PAGE) {
            tombstonesDone = orphansDone;
            orphansDone = true;
            nextToRecover = 1;
        }
        return true;
    }

    private boolean countSome() throws FsException {
        boolean more = false;
        try {
            more = !context.space().isMetadataCounted() && count.step();
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } finally {
            // The next search begins again, also after a failure: inodes that found no place meanwhile must not wait
            // for the count.
            orphansDone = more;
            tombstonesDone = more;
        }
        return more;
    }

    @Override
    public boolean step(long number) throws FsException {
        try (Reservation room = reserve();
                InodeLocks.Held held = context.locks().exclusive(number)) {
            InodeRecord inode = context.inodes().find(number);
            if (inode == null) {
                return removeRemains(number);
            }
            if (inode.links() == 0 && !context.holds().isHeld(number)) {
                Transaction changes = context.begin();
                boolean more = delete(changes, inode);
                changes.batch().delete(Keys.orphan(number));
                changes.commit();
                return more;
            }
            return inode.isRegular() && inode.file().pendingTruncation() != null && shortenTail(inode);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "remains of inode", number);
        }
    }

    /** Removes the truncated tail of a file completely, in steps. Called while holding no lock. */
    void removeTail(long number) throws FsException {
        boolean more = true;
        while (more) {
            try (Reservation room = reserve();
                    InodeLocks.Held held = context.locks().exclusive(number)) {
                InodeRecord inode = context.inodes().find(number);
                more = inode != null
                        && inode.isRegular()
                        && inode.file().pendingTruncation() != null
                        && shortenTail(inode);
            } catch (VolumeException e) {
                throw VolumeErrors.of(e);
            } catch (RecordFormatException e) {
                throw VolumeErrors.of(e, "tail of inode", number);
            }
        }
    }

    /** Deletes an inode that has no name and no hold. Returns whether it leaves remains to the background. */
    boolean delete(Transaction changes, InodeRecord inode) throws FsException {
        changes.delete(inode);
        boolean whole = !inode.isRegular() || context.chunks().removeAll(changes, inode.number(), inode.file());
        if (whole && inode.xattrListBytes() > 0) {
            changes.batch().put(Keys.tombstone(inode.number()), SmallRecords.tombstone(0));
            whole = false;
        }
        return !whole;
    }

    private Reservation reserve() throws FsException {
        return context.reserve(null, OperationContext.RECORDS_BYTES + batchChunks * PER_ITEM_BYTES);
    }

    private boolean removeRemains(long number) throws FsException, VolumeException, RecordFormatException {
        byte[] tombstone = context.volume().get(Keys.tombstone(number));
        if (tombstone == null) {
            return false;
        }
        long end = SmallRecords.tombstoneEnd(tombstone);
        Transaction changes = context.begin();
        long[] chunks = context.volume().presentChunks(new ChunkRange(number, 0, end), batchChunks, true);
        boolean more = true;
        if (chunks.length > 0) {
            context.chunks().deleteChunks(changes, number, chunks);
            long left = chunks.length < batchChunks ? 0 : chunks[chunks.length - 1];
            changes.batch().put(Keys.tombstone(number), SmallRecords.tombstone(left));
        } else {
            int removed = removeXattrs(changes, number);
            if (removed == 0) {
                List<byte[]> marks = keysOf(Keys.rewritten(number, 0, Long.MAX_VALUE), batchChunks);
                marks.forEach(changes.batch()::delete);
                removed = marks.size();
            }
            if (removed == 0) {
                changes.batch().delete(Keys.tombstone(number));
                more = false;
            }
        }
        changes.commit();
        return more;
    }

    /** Deletes some extended attributes and subtracts them from the metadata. Returns their number. */
    private int removeXattrs(Transaction changes, long number) throws VolumeException, RecordFormatException {
        int removed = 0;
        try (Cursor cursor = context.volume().scan(Keys.xattrs(number))) {
            while (removed < batchChunks && cursor.next()) {
                changes.batch().delete(cursor.key());
                changes.metadata(-MetadataCount.ofXattr(cursor.key(), cursor.value()));
                removed++;
            }
        }
        return removed;
    }

    private boolean shortenTail(InodeRecord inode) throws FsException, VolumeException, RecordFormatException {
        long number = inode.number();
        File file = inode.file();
        TruncatedTail tail = file.pendingTruncation();
        ChunkRange range = new ChunkRange(number, tail.first(), tail.end());
        long[] chunks = context.volume().presentChunks(range, batchChunks, true);
        long end = chunks.length < batchChunks ? tail.first() : chunks[chunks.length - 1];
        Transaction changes = context.begin();
        Set<Long> rewritten = takeMarks(changes, number, end, tail);
        long removed = 0;
        for (long chunk : chunks) {
            if (!rewritten.contains(chunk)) {
                context.chunks().deleteChunks(changes, number, chunk);
                removed++;
            }
        }
        boolean more = end > tail.first();
        TruncatedTail left = more ? tail.withEnd(end).withFewerDead(removed) : null;
        if (!more) {
            changes.batch().delete(Keys.tombstone(number));
        }
        File shortened = file.withPendingTruncation(left).withChunks(file.chunks() - removed);
        changes.update(inode, inode.withContent(shortened));
        changes.commit();
        return more;
    }

    /** Deletes the marks of the tail from a chunk on. Returns the chunks whose mark is valid. */
    private Set<Long> takeMarks(Transaction changes, long number, long first, TruncatedTail tail)
            throws VolumeException, RecordFormatException {
        Set<Long> valid = new HashSet<>();
        try (Cursor marks = context.volume().scan(Keys.rewritten(number, first, tail.end()))) {
            while (marks.next()) {
                changes.batch().delete(marks.key());
                if (SmallRecords.rewrittenSerial(marks.value()) == tail.serial()) {
                    valid.add(Keys.numberOf(marks.key()));
                }
            }
        }
        return valid;
    }

    private List<byte[]> keysOf(KeyRange range, int max) throws FsException {
        List<byte[]> keys = new ArrayList<>();
        try (Cursor cursor = context.volume().scan(range)) {
            while (keys.size() < max && cursor.next()) {
                keys.add(cursor.key());
            }
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        }
        return keys;
    }

    private static long inodeOf(byte[] key) throws FsException {
        try {
            return Keys.inodeOf(key);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "key of kind", key[0]);
        }
    }
}
