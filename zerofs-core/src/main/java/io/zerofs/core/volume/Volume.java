// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * An ordered, transactional key-value volume plus file chunks of 256 KiB, with one durability barrier.
 *
 * <p>Keys begin with a kind byte; those below 0x80 belong to the user of this port, the rest to the volume. The
 * user serialises batches that touch a common key, and reads of what it is about to change, with locks of its own;
 * changes of one chunk are atomic by themselves. Lock order: the user's locks come first, then those of the volume, and
 * no method but {@link #reserve}, {@link RangeRead#into}, {@link #barrier} (its future) and {@link #close} ever waits
 * for the store, for memory or for an upload slot, so that the others may be called under the user's locks.
 *
 * <p>Thread-safe.
 */
public interface Volume extends AutoCloseable {
    /** Bytes of a chunk. */
    int CHUNK_BYTES = 256 * 1024;

    /** Most bytes one {@link #reserve} may ask for; larger writes are split by the caller. */
    int RESERVATION_BYTES_MAX = 4 * 1024 * 1024;

    UUID id();

    /** The term of this writer; grows with each opening of the volume. */
    long epoch();

    /** The value of a key, or null. */
    byte[] get(byte[] key) throws VolumeException;

    Cursor scan(KeyRange range) throws VolumeException;

    Batch newBatch();

    /**
     * Waits until the volume has room for a batch of this many bytes (data, keys and values) on these chunks. To be
     * called before any lock is taken, for every batch; closed after the batch was applied.
     *
     * @param chunks the chunks that will be written, or null
     */
    Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException;

    /**
     * Makes the batch visible, atomically, and puts it into the open commit.
     *
     * @throws VolumeException nothing of the batch was applied; with CLOSED or FENCED the volume is finished
     */
    void apply(Batch batch) throws VolumeException;

    /**
     * Fixes what a range of a file holds now: later changes do not show. Does not wait, so it may be called under
     * locks; the bytes are fetched by {@link RangeRead#into} after they were released.
     *
     * @param offset byte offset in the file, unsigned
     */
    RangeRead prepareRead(long inode, long offset, int length) throws VolumeException;

    /**
     * Indexes of chunks that exist in the range, at most {@code max}.
     *
     * @param descending from the end of the range instead of from its start
     */
    long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException;

    /**
     * Makes durable everything that was applied, or could be read, before the call. Concurrent barriers join. Completes
     * exceptionally with a {@link VolumeException}.
     */
    CompletableFuture<Void> barrier();

    /**
     * Registers what is put at the end of each commit: absolute values that live in memory between commits. Called
     * while no batch is being applied; must be short and must not wait. At most one, before the first batch.
     */
    void onCommitCut(Consumer<Batch> contributor);

    /** Stops accepting, makes everything durable if the store takes it, releases all resources. Idempotent. */
    @Override
    void close() throws VolumeException;

    /** Reads a range at once; for callers that hold no lock. */
    default void read(long inode, long offset, ByteBuffer destination) throws VolumeException {
        prepareRead(inode, offset, destination.remaining()).into(destination);
    }
}
