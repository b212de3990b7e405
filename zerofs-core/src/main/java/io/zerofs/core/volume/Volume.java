// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * An ordered, transactional key-value volume plus file chunks of 256 KiB, with one durability barrier.
 *
 * <p>Keys begin with a kind byte; keys below 0x80 belong to the user of this port, the others to the volume. With locks
 * of its own, the user serialises batches that touch a common key, and reads of records that it is about to change.
 * Changes of one chunk are atomic by themselves.
 *
 * <p>Lock order: the user's locks come before those of the volume. Only {@link #reserve}, {@link RangeRead#into},
 * {@link #barrier} (its future) and {@link #close} wait for the store, for memory or for an upload slot. The user may
 * therefore call the other methods under its locks.
 *
 * <p>Thread-safe.
 */
public interface Volume extends AutoCloseable {
    /** Bytes of a chunk. */
    int CHUNK_BYTES = 256 * 1024;

    /** Maximum bytes of one {@link #reserve}; the caller splits larger writes. */
    int RESERVATION_BYTES_MAX = 4 * 1024 * 1024;

    UUID id();

    /** Returns the epoch of this writer, which grows with each opening of the volume. */
    long epoch();

    /** Returns the value of a key, or null. */
    byte[] get(byte[] key) throws VolumeException;

    Cursor scan(KeyRange range) throws VolumeException;

    Batch newBatch();

    /**
     * Waits until the volume has room for a batch of this many bytes (data, keys and values) on these chunks. Called
     * before any lock is taken, for every batch; the caller closes the reservation after it applied the batch.
     *
     * @param chunks the chunks that the batch writes, or null
     */
    Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException;

    /**
     * Makes the batch visible, atomically, and puts it into the open commit.
     *
     * @throws VolumeException the volume applied nothing of the batch; after CLOSED or FENCED it never works again
     */
    void apply(Batch batch) throws VolumeException;

    /**
     * Fixes the content of a range of a file as it is now: the read does not show later changes. Does not wait, so you
     * may call it under locks; {@link RangeRead#into} fetches the bytes after you released them. If the store no longer has
     * an object, because its data moved, the read has the newest content instead.
     *
     * @param offset byte offset in the file, unsigned
     */
    RangeRead prepareRead(long inode, long offset, int length) throws VolumeException;

    /**
     * Returns the indexes of chunks that exist in the range, at most {@code max}.
     *
     * @param descending from the end of the range instead of from its start
     */
    long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException;

    /** Returns chunks that exist from this one on, of any files, by inode and index, at most {@code max}. */
    List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException;

    /**
     * Makes durable every change that was applied, or could be read, before the call. Concurrent barriers join.
     * Completes exceptionally with a {@link VolumeException}.
     */
    CompletableFuture<Void> barrier();

    /**
     * Registers a contributor to the end of each commit: absolute values that live in memory between commits. The
     * volume calls it while it applies no batch; it must be short and must not wait. At most one, before the first
     * batch.
     */
    void onCommitCut(Consumer<Batch> contributor);

    /**
     * Stops accepting changes, makes all changes durable if the store takes them, releases all resources. Idempotent.
     */
    @Override
    void close() throws VolumeException;

    /** Reads a range at once, for callers that hold no lock. */
    default void read(long inode, long offset, ByteBuffer destination) throws VolumeException {
        prepareRead(inode, offset, destination.remaining()).into(destination);
    }
}
