// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/** Writes frames of old commits again, into slots of their own, through the path that writers and folds use. Thread-safe. */
final class ChunkMover {
    private final ReadPlanner planner;
    private final Folder folder;
    private final WritePath writes;
    private final Admission admission;
    private final int withBaseAt;
    private final Consumer<OpenCommit> afterWrite;

    ChunkMover(
            ReadPlanner planner,
            Folder folder,
            WritePath writes,
            Admission admission,
            int withBaseAt,
            Consumer<OpenCommit> afterWrite) {
        this.planner = planner;
        this.folder = folder;
        this.writes = writes;
        this.admission = admission;
        this.withBaseAt = withBaseAt;
        this.afterWrite = afterWrite;
    }

    private record Prepared(ChunkId chunk, FoldResult merged) implements SpaceSource.Move {
        @Override
        public int bytes() {
            return DirtySlot.OVERHEAD_BYTES + merged.content().memoryBytes();
        }
    }

    SpaceSource.Move prepare(ChunkId chunk, LongPredicate victims) throws VolumeException {
        ChunkRead frames = planner.planMove(chunk, victims, withBaseAt);
        return frames == null ? null : new Prepared(chunk, folder.merge(frames));
    }

    boolean move(SpaceSource.Move move) throws VolumeException {
        Prepared prepared = (Prepared) move;
        try (Reservation room = admission.admit(null, Math.min(prepared.bytes(), Volume.RESERVATION_BYTES_MAX))) {
            OpenCommit commit = writes.replace(prepared.chunk(), prepared.merged());
            if (commit == null) {
                return false;
            }
            afterWrite.accept(commit);
            return true;
        }
    }
}
