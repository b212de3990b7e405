// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.util.Arrays;

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
}
