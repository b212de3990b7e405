// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** Numbered blocks of one object, whose content follows from their numbers. */
final class OfferedBlocks {
    private final Salt object = Salt.random(new Random(1));

    /** Offers the blocks one after the other. */
    void offer(DiskCache cache, int from, int to) throws InterruptedException {
        for (int block = from; block < to; block++) {
            cache.offer(object, block, List.of(content(block)));
            cache.drain();
        }
    }

    private static ByteBuffer content(int block) {
        byte[] bytes = new byte[DiskCache.CACHE_BLOCK_BYTES];
        new Random(block).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    /** Returns the number of blocks that the cache has. Each of them must be right. */
    int found(DiskCache cache, int from, int to) {
        int found = 0;
        for (int block = from; block < to; block++) {
            ByteBuffer bytes = cache.get(object, block);
            if (bytes != null) {
                assertEquals(content(block), bytes);
                found++;
            }
        }
        return found;
    }
}
