// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.storage.index.FrameReference;
import java.util.Arrays;
import java.util.List;

/**
 * What a range of one chunk consisted of at one moment. What could still change was copied, the rest is named.
 *
 * @param frames oldest first; those of them that the range needs
 * @param memory for each frame, what it says if its commit is in memory, else null
 * @param needed for each frame, the blocks that no newer one in memory covers
 */
public record ChunkRead(
        ChunkId chunk, int from, int to, List<FrameReference> frames, FrameLayer.Memory[] memory, long[] needed) {
    int length() {
        return to - from;
    }

    /** The same of its younger frames. */
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
