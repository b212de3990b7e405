// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeContent.File;
import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The data of regular files as chunks: their presence, the effect of a size change on them, and reads while the
 * background still removes a truncated tail ({@link TruncatedTail}). Callers hold the inode's lock.
 *
 * <p>Two rules hold between operations: bytes past the end of the file are zeros, and no chunk past the end is present
 * outside the truncated tail.
 */
final class FileChunks {
    static final int CHUNK_BYTES = Volume.CHUNK_BYTES;

    /**
     * Maximum number of chunks that an operation removes by itself; the background removes longer tails and larger
     * files.
     */
    private static final int INLINE_CHUNKS_MAX = 16;

    /** Chunks that the first search for the end of an extent reads; many extents are short. */
    private static final int EXTENT_CHUNKS_FIRST = 8;

    private static final int EXTENT_CHUNKS_MAX = 1024;

    private static final int CHUNK_BITS = 18;

    private final Volume volume;
    private final int inlineChunksMax;
    private final KnownChunks known = new KnownChunks();

    FileChunks(Volume volume, FileSystemSettings settings) {
        this.volume = volume;
        inlineChunksMax = Math.min(INLINE_CHUNKS_MAX, settings.backgroundBatchChunks());
    }

    /** Returns the index of the chunk that holds this byte. */
    static long indexOf(long offset) {
        return offset >>> CHUNK_BITS;
    }

    /** Returns the number of chunks that a file of this size can have. */
    static long countFor(long size) {
        return size == 0 ? 0 : indexOf(size - 1) + 1;
    }

    static long offsetOf(long chunk) {
        return chunk << CHUNK_BITS;
    }

    /** Returns whether every chunk of the file is known to be present, without asking the volume. */
    private static boolean isDense(File file) {
        return file.pendingTruncation() == null && file.chunks() == countFor(file.size());
    }

    /** Prepares a read of bytes that all lie within the file. */
    RangeRead prepareRead(long inode, File file, long offset, int length) throws FsException {
        try {
            long end = indexOf(offset + length - 1) + 1;
            if (!inTail(file, indexOf(offset), end)) {
                return volume.prepareRead(inode, offset, length);
            }
            List<RangeRead> parts = new ArrayList<>();
            for (Span span : Span.of(offset, length)) {
                parts.add(
                        isAlive(inode, file, span.chunk())
                                ? volume.prepareRead(inode, span.fileOffset(), span.length())
                                : destination -> zeros(destination, span.length()));
            }
            return destination -> {
                for (RangeRead part : parts) {
                    part.into(destination);
                }
            };
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        }
    }

    /** Returns whether a write here changes nothing but the bytes: it adds no chunk and keeps the size. */
    boolean isOverwrite(long inode, File file, long offset, int length) {
        long first = indexOf(offset);
        long end = indexOf(offset + length - 1) + 1;
        return length > 0
                && Long.compareUnsigned(offset + length, file.size()) <= 0
                && (isDense(file) || !inTail(file, first, end) && known.contain(inode, first, end));
    }

    private static boolean inTail(File file, long first, long end) {
        return file.pendingTruncation() != null && file.pendingTruncation().intersects(first, end);
    }

    /** Writes bytes to chunks for which {@link #isOverwrite} returned true. */
    void overwrite(Transaction changes, long inode, long offset, ByteBuffer source) {
        int position = source.position();
        for (Span span : Span.of(offset, source.remaining())) {
            ByteBuffer part = source.slice(position, span.length());
            changes.batch().writeChunk(new ChunkId(inode, span.chunk()), span.offset(), part);
            position += span.length();
        }
    }

    /** Writes bytes. Returns the file with its new number of chunks; the caller sets the size. */
    File write(Transaction changes, long inode, File file, long offset, ByteBuffer source) throws FsException {
        long first = indexOf(offset);
        long end = indexOf(offset + source.remaining() - 1) + 1;
        long absent = absent(inode, file, first, end);
        File revived = inTail(file, first, end) ? revive(changes, inode, file, first, end) : file;
        overwrite(changes, inode, offset, source);
        changes.afterwards(() -> {
            for (long chunk = first; chunk < end; chunk++) {
                known.add(inode, chunk);
            }
        });
        return absent == 0 ? revived : revived.withChunks(file.chunks() + absent);
    }

    /** Returns the number of chunks of a range that are not present. */
    private long absent(long inode, File file, long first, long end) throws FsException {
        if (isDense(file)) {
            return Math.max(0, end - Math.max(first, file.chunks()));
        }
        long asked = inTail(file, first, end) ? end : Math.min(end, countFor(file.size()));
        if (first >= asked || known.contain(inode, first, asked)) {
            return end - Math.max(first, asked);
        }
        return end - first - present(inode, first, asked, (int) (asked - first)).length;
    }

    /** Makes chunks of the truncated tail belong to the file again, empty. */
    private File revive(Transaction changes, long inode, File file, long first, long end) throws FsException {
        TruncatedTail tail = file.pendingTruncation();
        byte[] mark = SmallRecords.rewritten(tail.serial());
        // Dead chunks that were not present count as new ones.
        long revived = -absent(inode, file, Math.max(first, tail.first()), Math.min(end, tail.end()));
        for (long chunk = first; chunk < end; chunk++) {
            if (!isAlive(inode, file, chunk)) {
                changes.batch().deleteChunk(new ChunkId(inode, chunk));
                changes.batch().put(Keys.rewritten(inode, chunk), mark);
                revived++;
            }
        }
        return file.withPendingTruncation(tail.withFewerDead(revived));
    }

    /**
     * Returns whether a change to this size must wait until the background has removed the tail of an earlier
     * truncation. The file has grown over that tail since, and no record could tell two tails apart.
     */
    static boolean mustWaitForTail(File file, long newSize) {
        TruncatedTail pending = file.pendingTruncation();
        return pending != null
                && Long.compareUnsigned(newSize, file.size()) < 0
                && countFor(newSize) > pending.first()
                && countFor(newSize) < countFor(file.size());
    }

    /** Changes the size. A tail that is too long to remove here becomes the truncated tail. */
    File resize(Transaction changes, long inode, File file, long newSize) throws FsException {
        File resized = file.withSize(newSize);
        if (Long.compareUnsigned(newSize, file.size()) >= 0 || file.chunks() == 0) {
            return resized;
        }
        long keptEnd = countFor(newSize);
        int inChunk = (int) (newSize & (CHUNK_BYTES - 1));
        if (inChunk != 0 && isAlive(inode, file, keptEnd - 1)) {
            changes.batch().zeroChunk(new ChunkId(inode, keptEnd - 1), inChunk, CHUNK_BYTES - inChunk);
        }
        return keptEnd == countFor(file.size()) ? resized : cutOff(changes, inode, file, resized, keptEnd);
    }

    private File cutOff(Transaction changes, long inode, File file, File resized, long keptEnd) throws FsException {
        long oldEnd = countFor(file.size());
        TruncatedTail pending = file.pendingTruncation();
        // A lower bound: holes among the kept chunks make it more, but counting them could take long.
        long dead = Math.max(0, file.chunks() - keptEnd);
        if (pending != null) {
            TruncatedTail longer = new TruncatedTail(
                    keptEnd, Math.max(pending.end(), oldEnd), pending.serial() + 1, Math.max(dead, pending.dead()));
            return tail(changes, inode, resized, longer);
        }
        if (!isDense(file) || oldEnd - keptEnd <= inlineChunksMax) {
            long[] present = present(inode, keptEnd, oldEnd, inlineChunksMax + 1);
            if (present.length <= inlineChunksMax) {
                deleteChunks(changes, inode, present);
                return resized.withChunks(file.chunks() - present.length);
            }
        }
        return tail(changes, inode, resized, new TruncatedTail(keptEnd, oldEnd, 1, dead));
    }

    private static File tail(Transaction changes, long inode, File resized, TruncatedTail tail) {
        changes.batch().put(Keys.tombstone(inode), SmallRecords.tombstone(tail.end()));
        return resized.withPendingTruncation(tail);
    }

    /**
     * Removes the data of a file that is being deleted. Returns false if it put a tombstone for the background instead.
     */
    boolean removeAll(Transaction changes, long inode, File file) throws FsException {
        if (file.chunks() == 0 && file.pendingTruncation() == null) {
            return true;
        }
        long end = countFor(file.size());
        if (file.pendingTruncation() == null && file.chunks() <= inlineChunksMax) {
            deleteChunks(changes, inode, present(inode, 0, end, inlineChunksMax));
            return true;
        }
        long tailEnd = file.pendingTruncation() == null
                ? end
                : Math.max(end, file.pendingTruncation().end());
        changes.batch().put(Keys.tombstone(inode), SmallRecords.tombstone(tailEnd));
        return false;
    }

    /** Result of one step of making a range a hole: the new file, and the offset of the next step. */
    record Punched(File file, long nextOffset) {}

    /** Makes bytes from {@code from} up to {@code to}, within the file, a hole; stops after {@code max} chunks. */
    Punched punch(Transaction changes, long inode, File file, long from, long to, int max) throws FsException {
        long[] present = present(inode, indexOf(from), indexOf(to - 1) + 1, max);
        long removed = 0;
        for (long chunk : present) {
            if (!isAlive(inode, file, chunk)) {
                continue;
            }
            long start = Long.compareUnsigned(from, offsetOf(chunk)) > 0 ? from - offsetOf(chunk) : 0;
            long end = indexOf(to) == chunk ? to - offsetOf(chunk) : CHUNK_BYTES;
            if (start == 0 && (end == CHUNK_BYTES || to == file.size())) {
                deleteChunks(changes, inode, chunk);
                if (file.pendingTruncation() != null) {
                    changes.batch().delete(Keys.rewritten(inode, chunk));
                }
                removed++;
            } else {
                changes.batch().zeroChunk(new ChunkId(inode, chunk), (int) start, (int) (end - start));
            }
        }
        boolean whole = present.length < max || indexOf(to - 1) == present[present.length - 1];
        return new Punched(file.withChunks(file.chunks() - removed), whole ? to : offsetOf(present[max - 1] + 1));
    }

    /** Returns the run of data or hole at the start of a range within the file; a long run may come in parts. */
    Extent extentAt(long inode, File file, long offset, long length) throws FsException {
        if (isDense(file)) {
            return new Extent(offset, length, false);
        }
        long first = indexOf(offset);
        long end = indexOf(offset + length - 1) + 1;
        long[] present = present(inode, first, end, EXTENT_CHUNKS_FIRST);
        Run run = run(inode, file, first, end, present, EXTENT_CHUNKS_FIRST);
        if (!run.ended()) {
            present = present(inode, first, end, EXTENT_CHUNKS_MAX);
            run = run(inode, file, first, end, present, EXTENT_CHUNKS_MAX);
        }
        return new Extent(offset, run.end() >= end ? length : offsetOf(run.end()) - offset, run.hole());
    }

    /** Chunks of one kind up to, but not including, {@code end}; not ended if more of them may follow. */
    private record Run(long end, boolean hole, boolean ended) {}

    /** Returns the run at {@code first}, as far as the first {@code max} present chunks before {@code end} show it. */
    private Run run(long inode, File file, long first, long end, long[] present, int max) throws FsException {
        long next = first;
        boolean hole = present.length == 0 || present[0] != first || !isAlive(inode, file, first);
        for (long chunk : present) {
            boolean alive = isAlive(inode, file, chunk);
            if (hole && alive) {
                return new Run(chunk, true, true);
            }
            if (!hole && (!alive || chunk != next)) {
                return new Run(next, false, true);
            }
            next = chunk + 1;
        }
        boolean more = present.length == max && next < end;
        return new Run(more || !hole ? next : end, hole, !more);
    }

    /** Returns whether the content of a chunk, if the chunk is present, belongs to the file. */
    boolean isAlive(long inode, File file, long chunk) throws FsException {
        TruncatedTail pending = file.pendingTruncation();
        if (pending == null || !pending.contains(chunk)) {
            return true;
        }
        try {
            byte[] mark = volume.get(Keys.rewritten(inode, chunk));
            return mark != null && SmallRecords.rewrittenSerial(mark) == pending.serial();
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "chunk mark of inode", inode);
        }
    }

    void deleteChunks(Transaction changes, long inode, long... chunks) {
        for (long chunk : chunks) {
            changes.batch().deleteChunk(new ChunkId(inode, chunk));
        }
        changes.afterwards(() -> {
            for (long chunk : chunks) {
                known.remove(inode, chunk);
            }
        });
    }

    private long[] present(long inode, long first, long end, int max) throws FsException {
        try {
            return volume.presentChunks(new ChunkRange(inode, first, end), max, false);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        }
    }

    private static void zeros(ByteBuffer destination, int length) {
        destination.put(ByteBuffer.allocate(length));
    }

    /** The part of a range within one chunk. */
    private record Span(long chunk, int offset, int length) {
        long fileOffset() {
            return offsetOf(chunk) + offset;
        }

        static List<Span> of(long offset, int length) {
            Span[] spans = new Span[(int) (indexOf(offset + length - 1) - indexOf(offset)) + 1];
            long position = offset;
            int left = length;
            for (int i = 0; i < spans.length; i++) {
                int inChunk = (int) (position & (CHUNK_BYTES - 1));
                int count = Math.min(CHUNK_BYTES - inChunk, left);
                spans[i] = new Span(indexOf(position), inChunk, count);
                position += count;
                left -= count;
            }
            return Arrays.asList(spans);
        }
    }
}
