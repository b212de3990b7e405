// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.nbd.wire.BlockExtent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A file as one connection's block device. The connection was allowed to use it when it opened it, and that holds.
 * Ranges were checked against {@link Export#size} by the caller. Thread-safe; closed when the connection and the last
 * of its requests have ended.
 */
final class BlockDevice implements AutoCloseable {
    /** Most data that becomes a hole in one step. */
    static final long DEALLOCATE_BYTES_MAX = 64L << 20;

    /** Largest range whose bytes are moved in one step. */
    static final int TRANSFER_BYTES_MAX = 1 << 20;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(VirtualFileSystem.CHUNK_BYTES);

    private final VirtualFileSystem files;
    private final Export export;
    private final FileHold hold;
    private final ConnectedDevices connected;

    BlockDevice(VirtualFileSystem files, Export export, FileHold hold, ConnectedDevices connected) {
        this.files = files;
        this.export = export;
        this.hold = hold;
        this.connected = connected;
    }

    Export export() {
        return export;
    }

    /** Fills the destination. */
    void read(long offset, ByteBuffer destination) throws FsException {
        int wanted = destination.remaining();
        ReadResult result =
                files.read(Credentials.ROOT, export.inode(), DataAccess.CHECKED_AT_OPEN, offset, destination);
        if (result.count() != wanted) {
            // The size cannot change while the file is held.
            throw FsError.IO.exception(
                    "read " + result.count() + " of " + wanted + " bytes at " + offset + " of inode "
                            + export.inode().number(),
                    null);
        }
    }

    /** Reads a first part of the range for what that leaves in the caches; gives its length. */
    long load(long offset, long length) throws FsException {
        int bytes = (int) Math.min(length, TRANSFER_BYTES_MAX);
        read(offset, ByteBuffer.allocate(bytes));
        return bytes;
    }

    void write(long offset, ByteBuffer source) throws FsException {
        files.write(Credentials.ROOT, export.inode(), DataAccess.CHECKED_AT_OPEN, offset, source);
    }

    /** Makes a first part of the range a hole, which reads as zeros; gives its length. What is a hole is passed over. */
    long deallocate(long offset, long length) throws FsException {
        Extent run = extentAt(offset, length);
        if (run.hole()) {
            return run.length();
        }
        // A step ends where a chunk does: one that two steps zero in part would stay, full of zeros.
        long inChunk = offset % VirtualFileSystem.CHUNK_BYTES;
        long bytes = Math.min(run.length(), DEALLOCATE_BYTES_MAX - inChunk);
        files.deallocate(Credentials.ROOT, export.inode(), DataAccess.CHECKED_AT_OPEN, offset, bytes);
        return bytes;
    }

    /** Writes zeros to a first part of the range as if they were data; gives its length. */
    long writeZeros(long offset, long length) throws FsException {
        long end = offset + Math.min(length, TRANSFER_BYTES_MAX);
        long next = offset;
        while (next < end) {
            // Pieces end where chunks end, so that each whole chunk is written at once.
            int inChunk = Math.floorMod(next, VirtualFileSystem.CHUNK_BYTES);
            int bytes = (int) Math.min(end - next, VirtualFileSystem.CHUNK_BYTES - inChunk);
            write(next, ZEROS.duplicate().limit(bytes));
            next += bytes;
        }
        return end - offset;
    }

    /**
     * The runs of data and holes that cover the range from its start: all of it, or as many as {@code max}. Neighbours
     * differ.
     */
    List<BlockExtent> extents(long offset, long length, int max) throws FsException {
        List<BlockExtent> extents = new ArrayList<>();
        long end = offset + length;
        long next = offset;
        while (next < end) {
            Extent run = extentAt(next, end - next);
            long bytes = run.length();
            int last = extents.size() - 1;
            if (last >= 0 && extents.get(last).hole() == run.hole()) {
                extents.set(last, new BlockExtent(extents.get(last).length() + bytes, run.hole()));
            } else if (extents.size() == max) {
                break;
            } else {
                extents.add(new BlockExtent(bytes, run.hole()));
            }
            next += bytes;
        }
        return extents;
    }

    private Extent extentAt(long offset, long length) throws FsException {
        Extent run = files.extentAt(export.inode(), offset, length);
        if (run == null) {
            throw FsError.IO.exception(
                    "no extent at " + offset + " of inode " + export.inode().number(), null);
        }
        return run;
    }

    /** Completes when every write to any file that returned before is in the store. */
    CompletableFuture<Void> barrier() {
        return files.barrier();
    }

    /** May wait for the store. */
    @Override
    public void close() {
        try {
            hold.close();
        } finally {
            connected.remove(export);
        }
    }
}
