// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.util.Arrays;
import java.util.Comparator;

/** All that a {@link MemoryVolume} holds at one moment; immutable. */
record MemoryState(PersistentMap<byte[], byte[]> keys, PersistentMap<ChunkId, MemoryChunk> chunks) {
    private static final Comparator<ChunkId> CHUNK_ORDER =
            Comparator.comparingLong(ChunkId::inode).thenComparingLong(ChunkId::index);

    static MemoryState empty() {
        return new MemoryState(new PersistentMap<>(Arrays::compareUnsigned), new PersistentMap<>(CHUNK_ORDER));
    }

    /** A state under construction. */
    static final class Editor {
        PersistentMap<byte[], byte[]> keys;
        PersistentMap<ChunkId, MemoryChunk> chunks;

        Editor(MemoryState before) {
            keys = before.keys;
            chunks = before.chunks;
        }

        MemoryState result() {
            return new MemoryState(keys, chunks);
        }
    }
}
