// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Lists the chunks that an index has. Thread-safe. */
record PresentChunks(RocksIndex index) {
    /** Returns the indexes of present chunks; see {@link io.zerofs.core.volume.Volume#presentChunks}. */
    long[] list(ChunkRange range, int max, boolean descending) throws VolumeException {
        KeyRange keys = new KeyRange(
                IndexKeys.chunk(range.inode(), range.first()), IndexKeys.chunk(range.inode(), range.end()));
        long[] found = new long[Math.min(max, 16)];
        int count = 0;
        try (Cursor cursor = index.scan(keys, descending)) {
            while (count < max && cursor.next()) {
                if (count == found.length) {
                    found = Arrays.copyOf(found, Math.min(max, 2 * count));
                }
                found[count++] = IndexKeys.chunkIndex(cursor.key());
            }
        }
        return Arrays.copyOf(found, count);
    }

    /** Returns present chunks of any files; see {@link io.zerofs.core.volume.Volume#chunksFrom}. */
    List<ChunkId> from(ChunkId first, int max) throws VolumeException {
        KeyRange keys = new KeyRange(IndexKeys.chunk(first.inode(), first.index()), IndexKeys.kindEnd(IndexKeys.CHUNK));
        List<ChunkId> found = new ArrayList<>();
        try (Cursor cursor = index.scan(keys, false)) {
            while (found.size() < max && cursor.next()) {
                byte[] key = cursor.key();
                found.add(new ChunkId(IndexKeys.chunkInode(key), IndexKeys.chunkIndex(key)));
            }
        }
        return found;
    }
}
