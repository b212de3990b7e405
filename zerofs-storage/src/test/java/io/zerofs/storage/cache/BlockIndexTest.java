// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlockIndexTest {
    private final BlockIndex index = new BlockIndex();

    @Test
    void itBehavesLikeAMap() {
        Random random = new Random(5);
        Map<Long, Long> model = new HashMap<>();
        for (int step = 0; step < 200_000; step++) {
            // Few different values, and many that collide in their upper bits; 0 and 1 share an entry.
            long hash = 2 + (long) random.nextInt(5_000) << (random.nextBoolean() ? 0 : 40);
            long place = random.nextInt(3);
            if (random.nextInt(5) < 3) {
                index.put(hash, place);
                model.put(hash, place);
            } else {
                index.remove(hash, place);
                model.remove(hash, place);
            }
        }
        assertEquals(model.size(), index.size());
        for (int i = 0; i < 5_000; i++) {
            for (long hash : new long[] {2L + i, 2L + i << 40}) {
                assertEquals(model.getOrDefault(hash, BlockIndex.NOWHERE), index.use(hash));
            }
        }
    }

    @Test
    void usingMarksUntilTheEntryMoves() {
        index.put(9, 77);
        assertFalse(index.isUsed(9, 77));
        assertEquals(77, index.place(9));
        assertFalse(index.isUsed(9, 77));
        assertEquals(77, index.use(9));
        assertTrue(index.isUsed(9, 77));
        assertFalse(index.isUsed(9, 78));
        index.put(9, 78);
        assertFalse(index.isUsed(9, 78));
    }

    @Test
    void theHashZeroIsAHash() {
        assertEquals(BlockIndex.NOWHERE, index.use(0));
        index.put(0, 5);
        assertEquals(5, index.use(0));
        index.remove(0, 5);
        assertEquals(BlockIndex.NOWHERE, index.use(0));
    }
}
