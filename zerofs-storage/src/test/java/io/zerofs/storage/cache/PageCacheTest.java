// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PageCacheTest {
    private static final int PAGE_BYTES = 32 << 10;
    private static final PageKey KEY = new PageKey(1, 0, 0);

    private final PageCache cache = new PageCache(64L * PAGE_BYTES);

    @Test
    void aPageThatIsHeldTwiceReturnsAllItsRoom() {
        assertTrue(cache.reserve(cache.heldBytesMax()), "all the room is free");
        cache.hold(KEY, new byte[PAGE_BYTES]);
        cache.hold(KEY, new byte[PAGE_BYTES]);
        assertFalse(cache.reserve(2 * PAGE_BYTES), "one of the two is held");
        cache.drop(KEY);
        assertTrue(cache.reserve(2 * PAGE_BYTES), "none of the two is held");
    }

    @Test
    void aPageThatWasReadMeanwhileIsNotHeld() {
        assertTrue(cache.reserve(PAGE_BYTES));
        cache.put(KEY, new byte[PAGE_BYTES]);
        cache.hold(KEY, new byte[PAGE_BYTES]);
        assertFalse(cache.holds(KEY), "it would stay until its reader has gone");
        assertTrue(cache.reserve(cache.heldBytesMax()), "its room is given back");
    }
}
