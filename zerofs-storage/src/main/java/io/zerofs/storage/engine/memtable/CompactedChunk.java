// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Frames of one chunk, merged into one.
 *
 * @param compacted neighbours in the entry, oldest first, none of the commit that was open when they were read
 * @param content their merged content
 */
public record CompactedChunk(List<FrameReference> compacted, Extents content) {
    boolean withBase() {
        return compacted.get(0).full();
    }

    /** Returns whether the entry still has the merged frames side by side. Other frames do not matter. */
    public boolean appliesTo(ChunkEntry entry) {
        return placeIn(entry) >= 0;
    }

    public ChunkEntry replaceIn(ChunkEntry entry, long seq, int slot) {
        List<FrameReference> frames = new ArrayList<>(entry.frames());
        int from = placeIn(entry);
        frames.subList(from, from + compacted.size()).clear();
        frames.add(
                from,
                withBase() ? FrameReference.full(seq, slot) : FrameReference.delta(seq, slot, content.touchedBlocks()));
        return new ChunkEntry(frames);
    }

    private int placeIn(ChunkEntry entry) {
        return Collections.indexOfSubList(entry.frames(), compacted);
    }

    public void fill(MemorySlot slot) {
        slot.adopt(content, withBase());
    }
}
