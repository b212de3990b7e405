// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.storage.index.FrameReference;
import java.util.Arrays;
import java.util.List;

/**
 * The content of a range of one chunk at one moment: copies of bytes that can still change, and references to the rest.
 *
 * @param frames the frames that the range needs, oldest first
 * @param memory for each frame, its content if its commit is in memory, else null
 * @param needed for each frame, the blocks that no newer frame in memory covers
 */
public record ChunkRead(
        ChunkId chunk, int from, int to, List<FrameReference> frames, FrameLayer.Memory[] memory, long[] needed) {
    int length() {
        return to - from;
    }

    /** Returns the same read without its oldest frames. */
    public ChunkRead withoutOldest(int first) {
        int count = frames.size();
        return new ChunkRead(
                chunk,
                from,
                to,
                frames.subList(first, count),
                Arrays.copyOfRange(memory, first, count),
                Arrays.copyOfRange(needed, first, count));
    }
}
