// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeContent.File;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Lock;

/**
 * Reads and writes regular files. Reads and writes share the lock of the inode; punching a hole takes it exclusively
 * for each step.
 */
final class DataOperations {
    private static final int RECORDS_BYTES = 4096;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** Nanoseconds after a write in which a further write may leave mtime and ctime unchanged. */
    private static final long TIME_GRANULARITY_NANOS = 1_000_000;

    /** Bytes of a chunk record or mark in a batch, with a margin. */
    private static final int PER_CHUNK_BYTES = 64;

    /** Maximum bytes of whole chunks in one reservation, next to the records of the operation. */
    private static final int PIECE_BYTES_MAX = Volume.RESERVATION_BYTES_MAX - Volume.CHUNK_BYTES;

    private final OperationContext context;

    DataOperations(OperationContext context) {
        this.context = context;
    }

    ReadResult read(Credentials who, InodeId id, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        RangeRead bytes;
        Attributes attributes;
        int count;
        try (InodeLocks.Held held = context.locks().shared(id.number())) {
            InodeRecord inode = requireRegular(id);
            AccessPolicy.requireRead(who, inode, access);
            long size = inode.file().size();
            long available = Long.compareUnsigned(offset, size) >= 0 ? 0 : size - offset;
            count = available < 0 ? destination.remaining() : (int) Math.min(available, destination.remaining());
            attributes = inode.attributes();
            bytes = count == 0 ? null : context.chunks().prepareRead(id.number(), inode.file(), offset, count);
        }
        if (bytes != null) {
            fill(bytes, destination, count);
        }
        boolean ended = Long.compareUnsigned(offset, attributes.size()) >= 0 || offset + count == attributes.size();
        return new ReadResult(count, ended, attributes);
    }

    private static void fill(RangeRead bytes, ByteBuffer destination, int count) throws FsException {
        int limit = destination.limit();
        destination.limit(destination.position() + count);
        try {
            bytes.into(destination);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } finally {
            destination.limit(limit);
        }
    }

    AttributeTransition write(Credentials who, InodeId id, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        int length = source.remaining();
        if (Long.compareUnsigned(offset + length, offset) < 0) {
            throw FsError.FILE_TOO_LARGE.exception();
        }
        int firstPiece = pieceBytes(offset, length);
        if (firstPiece < length) {
            NonBlockingThread.check();
        }
        AttributeTransition whole = null;
        int done = 0;
        do {
            int count = pieceBytes(offset + done, length - done);
            ByteBuffer piece = source.slice(source.position() + done, count);
            AttributeTransition part = writePiece(who, id, access, offset + done, piece);
            whole = whole == null ? part : new AttributeTransition(whole.before(), part.after());
            done += count;
        } while (done < length);
        source.position(source.limit());
        return whole;
    }

    /** Returns the bytes of the next piece, which ends at a chunk's border or at the end of the write. */
    private static int pieceBytes(long offset, int length) {
        int inChunk = (int) (offset & (Volume.CHUNK_BYTES - 1));
        return Math.min(length, PIECE_BYTES_MAX - inChunk);
    }

    private AttributeTransition writePiece(
            Credentials who, InodeId id, DataAccess access, long offset, ByteBuffer source) throws FsException {
        long number = id.number();
        int length = source.remaining();
        long first = FileChunks.indexOf(offset);
        long end = length == 0 ? first : FileChunks.indexOf(offset + length - 1) + 1;
        try (Reservation room = context.reserve(new ChunkRange(number, first, end), RECORDS_BYTES + length);
                InodeLocks.Held held = context.locks().shared(number)) {
            InodeRecord inode = requireRegular(id);
            AccessPolicy.requireWrite(who, inode, access);
            boolean onlyBytes = context.chunks().isOverwrite(number, inode.file(), offset, length)
                    && AccessPolicy.modeAfterWrite(who, inode.mode()) == inode.mode()
                    && wasJustWritten(inode);
            if (length > 0 && onlyBytes) {
                Transaction changes = context.begin();
                context.chunks().overwrite(changes, number, offset, source);
                changes.commit();
            }
            if (length == 0 || onlyBytes) {
                return new AttributeTransition(inode.attributes(), inode.attributes());
            }
            Lock mutex = context.locks().attributesOf(number);
            mutex.lock();
            try {
                InodeRecord before = requireRegular(id);
                Transaction changes = context.begin();
                File file = context.chunks().write(changes, number, before.file(), offset, source);
                if (Long.compareUnsigned(offset + length, file.size()) > 0) {
                    context.holds().requireNoDevice(number);
                    file = file.withSize(offset + length);
                }
                return commit(changes, who, before, file);
            } finally {
                mutex.unlock();
            }
        }
    }

    /**
     * Returns whether mtime and ctime are so recent that another write leaves them. Many small writes are twice as fast
     * if they put the inode record only once. Linux's own clock for timestamps steps by 1 to 10 ms.
     */
    private boolean wasJustWritten(InodeRecord inode) {
        Timestamp now = context.now();
        return isWithinGranularity(inode.times().modified(), now)
                && isWithinGranularity(inode.times().changed(), now);
    }

    private static boolean isWithinGranularity(Timestamp time, Timestamp now) {
        long seconds = now.seconds() - time.seconds();
        if (seconds != 0 && seconds != 1) {
            return false;
        }
        long nanos = seconds * NANOS_PER_SECOND + now.nanos() - time.nanos();
        return nanos >= 0 && nanos < TIME_GRANULARITY_NANOS;
    }

    private AttributeTransition commit(Transaction changes, Credentials who, InodeRecord before, File file)
            throws FsException {
        InodeRecord after = before.withContent(file).modifiedAt(context.now());
        int mode = AccessPolicy.modeAfterWrite(who, before.mode());
        if (mode != before.mode()) {
            after = after.withMode(mode);
        }
        changes.update(before, after);
        changes.commit();
        return new AttributeTransition(before.attributes(), after.attributes());
    }

    void deallocate(Credentials who, InodeId id, DataAccess access, long offset, long length) throws FsException {
        if (length == 0) {
            return;
        }
        long end = Long.compareUnsigned(offset + length, offset) < 0 ? -1 : offset + length;
        int batchChunks = context.settings().backgroundBatchChunks();
        if (FileChunks.indexOf(end - 1) - FileChunks.indexOf(offset) >= batchChunks) {
            NonBlockingThread.check();
        }
        long position = offset;
        while (Long.compareUnsigned(position, end) < 0) {
            position = punchStep(who, id, access, position, end);
        }
    }

    private long punchStep(Credentials who, InodeId id, DataAccess access, long from, long to) throws FsException {
        long number = id.number();
        int batchChunks = context.settings().backgroundBatchChunks();
        try (Reservation room = context.reserve(null, RECORDS_BYTES + batchChunks * PER_CHUNK_BYTES);
                InodeLocks.Held held = context.locks().exclusive(number)) {
            InodeRecord before = requireRegular(id);
            AccessPolicy.requireWrite(who, before, access);
            File file = before.file();
            long end = Long.compareUnsigned(to, file.size()) < 0 ? to : file.size();
            if (Long.compareUnsigned(from, end) >= 0) {
                return to;
            }
            Transaction changes = context.begin();
            FileChunks.Punched punched = context.chunks().punch(changes, number, file, from, end, batchChunks);
            commit(changes, who, before, punched.file());
            return punched.nextOffset() == end ? to : punched.nextOffset();
        }
    }

    Extent extentAt(InodeId id, long offset, long lengthMax) throws FsException {
        try (InodeLocks.Held held = context.locks().shared(id.number())) {
            InodeRecord inode = requireRegular(id);
            long available = inode.file().size() - offset;
            return Long.compareUnsigned(offset, inode.file().size()) >= 0
                    ? null
                    : context.chunks()
                            .extentAt(
                                    id.number(),
                                    inode.file(),
                                    offset,
                                    Long.compareUnsigned(lengthMax, available) < 0 ? lengthMax : available);
        }
    }

    private InodeRecord requireRegular(InodeId id) throws FsException {
        InodeRecord inode = context.inodes().require(id);
        if (!inode.isRegular()) {
            throw (inode.isDirectory() ? FsError.IS_DIRECTORY : FsError.INVALID).exception();
        }
        return inode;
    }
}
