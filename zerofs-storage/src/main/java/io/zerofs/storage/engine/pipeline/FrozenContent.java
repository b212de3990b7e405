// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.core.volume.Volume;
import io.zerofs.storage.commit.FrameContent;
import io.zerofs.storage.engine.memtable.Extents;
import io.zerofs.storage.engine.memtable.MemorySlot;
import io.zerofs.storage.engine.memtable.OpenCommit;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Passes the slots of a frozen commit to the sealer. */
final class FrozenContent {
    private FrozenContent() {}

    static List<FrameContent> of(OpenCommit commit) {
        return commit.slots().stream().map(FrozenContent::of).toList();
    }

    private static FrameContent of(MemorySlot slot) {
        if (slot.isClosed() || !slot.isFull() && slot.extents().pieceCount() == 0) {
            return new FrameContent.Closed();
        }
        return slot.isFull() ? full(slot.extents()) : delta(slot.extents());
    }

    private static FrameContent full(Extents extents) {
        List<FrameContent.Data> parts = new ArrayList<>(extents.pieceCount());
        extents.visit(0, Volume.CHUNK_BYTES, (start, length, data, offset) -> {
            if (data != null) {
                parts.add(new FrameContent.Data(start, ByteBuffer.wrap(data, offset, length)));
            }
        });
        return new FrameContent.Sparse(parts);
    }

    private static FrameContent delta(Extents extents) {
        List<FrameContent.Range> ranges = new ArrayList<>();
        extents.visit(
                0,
                Volume.CHUNK_BYTES,
                (start, length, data, offset) -> ranges.add(
                        data == null
                                ? new FrameContent.Zeros(start, length)
                                : new FrameContent.Data(start, ByteBuffer.wrap(data, offset, length))));
        return new FrameContent.Delta(ranges);
    }
}
