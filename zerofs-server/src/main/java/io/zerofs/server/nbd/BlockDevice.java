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
 * A file as one connection's block device. The server decides at opening whether the connection may use it, and not again.
 * The caller has checked ranges against {@link Export#size}. Thread-safe; closed when the connection and its last request
 * have ended.
 */
final class BlockDevice implements AutoCloseable {
    /** Maximum bytes of data that become a hole in one step. */
    static final long DEALLOCATE_BYTES_MAX = 64L << 20;

    /** Maximum bytes that one step reads or writes. */
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

    /** Reads a first part of the range, so that the caches have it, and returns its length. */
    long load(long offset, long length) throws FsException {
        int bytes = (int) Math.min(length, TRANSFER_BYTES_MAX);
        read(offset, ByteBuffer.allocate(bytes));
        return bytes;
    }

    void write(long offset, ByteBuffer source) throws FsException {
        files.write(Credentials.ROOT, export.inode(), DataAccess.CHECKED_AT_OPEN, offset, source);
    }

    /** Makes a first part of the range a hole, which reads as zeros, and returns its length. Skips existing holes. */
    long deallocate(long offset, long length) throws FsException {
        Extent run = extentAt(offset, length);
        if (run.hole()) {
            return run.length();
        }
        // A step ends at the end of a chunk: a chunk that two steps zeroed in part would stay, full of zeros.
        long inChunk = offset % VirtualFileSystem.CHUNK_BYTES;
        long bytes = Math.min(run.length(), DEALLOCATE_BYTES_MAX - inChunk);
        files.deallocate(Credentials.ROOT, export.inode(), DataAccess.CHECKED_AT_OPEN, offset, bytes);
        return bytes;
    }

    /** Writes zeros as data to a first part of the range, and returns its length. */
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
     * Returns the runs of data and holes that cover the range from its start: all of it, or as much as {@code max} runs
     * cover. Adjacent runs differ.
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

    /** Returns a barrier, which completes when every change of any file that returned before is durable. */
    CompletableFuture<Void> barrier() {
        return files.barrier();
    }

    /** Releases the file; may wait for the store. */
    @Override
    public void close() {
        try {
            hold.close();
        } finally {
            connected.remove(export);
        }
    }
}
