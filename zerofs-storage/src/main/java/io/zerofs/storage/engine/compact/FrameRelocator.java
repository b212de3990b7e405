// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.compact;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.memtable.CompactedChunk;
import io.zerofs.storage.engine.memtable.MemorySlot;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.read.ChunkRead;
import io.zerofs.storage.engine.read.ReadPlanner;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.engine.write.WriteAdmission;
import io.zerofs.storage.engine.write.WritePath;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/** Moves frames of old commits into new slots, on the same path as writers and compaction. Thread-safe. */
public final class FrameRelocator {
    private final ReadPlanner planner;
    private final DeltaCompactor compactor;
    private final WritePath writes;
    private final WriteAdmission admission;
    private final int withBaseAt;
    private final Consumer<OpenCommit> afterWrite;

    public FrameRelocator(
            ReadPlanner planner,
            DeltaCompactor compactor,
            WritePath writes,
            WriteAdmission admission,
            int withBaseAt,
            Consumer<OpenCommit> afterWrite) {
        this.planner = planner;
        this.compactor = compactor;
        this.writes = writes;
        this.admission = admission;
        this.withBaseAt = withBaseAt;
        this.afterWrite = afterWrite;
    }

    private record Prepared(ChunkId chunk, CompactedChunk merged) implements GcSource.Move {
        @Override
        public int bytes() {
            return MemorySlot.OVERHEAD_BYTES + merged.content().memoryBytes();
        }
    }

    public GcSource.Move prepare(ChunkId chunk, LongPredicate victims) throws VolumeException {
        ChunkRead frames = planner.planMove(chunk, victims, withBaseAt);
        return frames == null ? null : new Prepared(chunk, compactor.merge(frames));
    }

    public boolean move(GcSource.Move move) throws VolumeException {
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
