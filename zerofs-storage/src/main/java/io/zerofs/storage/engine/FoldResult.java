// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import java.util.ArrayList;
import java.util.List;

/**
 * Frames of one chunk made into one.
 *
 * @param folded neighbours in the entry, oldest first, none of the commit that was open when they were read; with the
 *     base if the first is full, else all but the base
 * @param content what they say together
 */
record FoldResult(List<FrameReference> folded, Extents content) {
    boolean withBase() {
        return folded.get(0).full();
    }

    /** Whether the entry still begins with the folded frames, as they were. Later deltas do not matter. */
    boolean appliesTo(ChunkEntry entry) {
        int from = withBase() ? 0 : 1;
        int to = from + folded.size();
        return entry.frames().size() >= to && entry.frames().subList(from, to).equals(folded);
    }

    ChunkEntry replaceIn(ChunkEntry entry, long seq, int slot) {
        List<FrameReference> frames = new ArrayList<>(entry.frames());
        int from = withBase() ? 0 : 1;
        frames.subList(from, from + folded.size()).clear();
        frames.add(
                from,
                withBase() ? FrameReference.full(seq, slot) : FrameReference.delta(seq, slot, content.touchedBlocks()));
        return new ChunkEntry(frames);
    }

    void fill(DirtySlot slot) {
        slot.adopt(content, withBase());
    }
}
