// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.util.Arrays;
import java.util.Comparator;
import org.pcollections.TreePMap;

/** All that a {@link MemoryVolume} holds at one moment; immutable. */
record MemoryState(TreePMap<byte[], byte[]> keys, TreePMap<ChunkId, MemoryChunk> chunks) {
    private static final Comparator<ChunkId> CHUNK_ORDER =
            Comparator.comparingLong(ChunkId::inode).thenComparingLong(ChunkId::index);

    static MemoryState empty() {
        return new MemoryState(TreePMap.empty(Arrays::compareUnsigned), TreePMap.empty(CHUNK_ORDER));
    }

    /** A state under construction. */
    static final class Editor {
        TreePMap<byte[], byte[]> keys;
        TreePMap<ChunkId, MemoryChunk> chunks;

        Editor(MemoryState before) {
            keys = before.keys;
            chunks = before.chunks;
        }

        MemoryState result() {
            return new MemoryState(keys, chunks);
        }
    }
}
