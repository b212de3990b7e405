// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.VolumeException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongPredicate;

/** The view of a running volume for garbage collection. Thread-safe. */
public interface GcSource extends CheckpointSource {
    /** Frames of one chunk, read and merged, for a newer commit. */
    interface Move {
        /** Returns its memory, which is about the bytes that it will add to a commit. */
        int bytes();
    }

    /**
     * Reads a chunk's frames in some commits, with the deltas beside them. Waits for the store.
     *
     * @param victims seqs of durable commits that should lose their frames
     * @return null if the chunk has no frame there any more
     * @throws VolumeException CORRUPT if a frame is damaged
     */
    Move prepareMove(ChunkId chunk, LongPredicate victims) throws VolumeException;

    /**
     * Puts the read content into the open commit in place of its old frames, if the chunk still consists of them. Later
     * deltas stay. Waits for room like any writer.
     *
     * @return false if the chunk changed meanwhile, and nothing was moved
     */
    boolean move(Move move) throws VolumeException;

    /**
     * Deletes the engine's own records in one batch.
     *
     * @return completes when that is durable
     */
    CompletableFuture<Long> forget(List<byte[]> keys) throws VolumeException;

    /** Returns whether a client waits for a commit to become durable. */
    boolean awaitsBarrier();

    /** Returns the number of batches and reads of clients so far. While it does not grow, clients are idle. */
    long requests();
}
