// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.VolumeException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongPredicate;

/** What a running volume offers to who gives space back. Thread-safe. */
public interface GcSource extends CheckpointSource {
    /** Frames of one chunk, read and merged, that are to stand in a newer commit. */
    interface Move {
        /** Memory that it takes, and about what it will add to a commit. */
        int bytes();
    }

    /**
     * Reads what a chunk has in some commits, together with the deltas beside it. Waits for the store.
     *
     * @param victims seqs of durable commits that are to lose their frames
     * @return null if the chunk has nothing there any more
     * @throws VolumeException CORRUPT if what is there is damaged
     */
    Move prepareMove(ChunkId chunk, LongPredicate victims) throws VolumeException;

    /**
     * Puts what was read into the open commit, in the place of the frames it was read from, if the chunk still consists of
     * them; later deltas stay. Waits for room like any writer.
     *
     * @return false if the chunk changed meanwhile: nothing happened then
     */
    boolean move(Move move) throws VolumeException;

    /**
     * Deletes records of the engine's own, in one batch.
     *
     * @return completes when that is durable
     */
    CompletableFuture<Long> forget(List<byte[]> keys) throws VolumeException;

    /** Whether somebody waits for a commit to become durable. */
    boolean awaitsBarrier();

    /** Batches and reads of clients so far: while it stands still nobody is in the way. */
    long requests();
}
