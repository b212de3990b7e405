// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import io.zerofs.storage.commit.DeltaMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Decoded pages and maps of deltas in memory, within a limit of bytes. Pages that are used often stay. Pages of read-ahead
 * are held until their first read, because a policy that keeps frequently used pages would drop them at once. Arrays are
 * shared and must not be changed. Thread-safe.
 */
public final class PageCache {
    private static final int ENTRY_OVERHEAD_BYTES = 128;
    private static final int RANGE_BYTES = 12;
    private static final int MAPS_SHARE = 8;

    private final Cache<PageKey, byte[]> pages;
    private final Cache<PageKey, DeltaMap> maps;
    private final ConcurrentHashMap<PageKey, byte[]> held = new ConcurrentHashMap<>();
    private final Policy.Eviction<PageKey, byte[]> limit;
    private final long pageBytesMax;
    private final AtomicLong heldBytes = new AtomicLong();
    private volatile long othersLimitedBy;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder ahead = new LongAdder();
    private final LongAdder unread = new LongAdder();

    /** @param bytesMax of pages and maps together; 0 keeps nothing */
    public PageCache(long bytesMax) {
        long mapBytes = bytesMax / MAPS_SHARE;
        this.pageBytesMax = bytesMax - mapBytes;
        // Evictions run on the thread that causes them: they are short, and the bound holds at once.
        this.pages = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumWeight(pageBytesMax)
                .weigher((PageKey key, byte[] page) -> page.length + ENTRY_OVERHEAD_BYTES)
                .build();
        this.limit = pages.policy().eviction().orElseThrow();
        this.maps = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumWeight(mapBytes)
                .weigher((PageKey key, DeltaMap map) -> map.count() * RANGE_BYTES + ENTRY_OVERHEAD_BYTES)
                .build();
    }

    /** Returns the plain bytes of a page, without trailing zeros; null if it is not cached. */
    public byte[] page(PageKey key) {
        byte[] page = pages.getIfPresent(key);
        if (page == null) {
            page = takeHeld(key);
        }
        (page == null ? misses : hits).increment();
        return page;
    }

    /** Returns a held page, which becomes an ordinary page by this read. Null if it is not held. */
    byte[] takeHeld(PageKey key) {
        byte[] page = held.get(key);
        if (page != null) {
            pages.put(key, page);
            unhold(key);
        }
        return page;
    }

    public void put(PageKey key, byte[] page) {
        pages.put(key, page);
    }

    /** Returns whether a page is cached. Does not count as its use. */
    public boolean has(PageKey key) {
        return held.containsKey(key) || pages.asMap().containsKey(key);
    }

    /** Returns whether an unread page of read-ahead is held. */
    public boolean holds(PageKey key) {
        return held.containsKey(key);
    }

    /** Holds an unread page of read-ahead in its reserved room, until it is read or dropped. */
    void hold(PageKey key, byte[] page) {
        if (pages.asMap().containsKey(key)) {
            // A client has read it during the fetch, and would not look for it among the held pages.
            giveBack(page.length);
            return;
        }
        byte[] before = held.put(key, page);
        if (before != null) {
            // Fetched twice: the page arrived just when it was requested again.
            giveBack(before.length);
        }
        ahead.increment();
    }

    /** Drops a page if it is held. */
    public void drop(PageKey key) {
        if (unhold(key)) {
            unread.increment();
        }
    }

    private boolean unhold(PageKey key) {
        byte[] page = held.remove(key);
        if (page != null) {
            giveBack(page.length);
        }
        return page != null;
    }

    /** Returns the maximum bytes of held pages. */
    public long heldBytesMax() {
        return pageBytesMax / 4 * 3;
    }

    /** Reserves room for held pages, taken from the other pages. Returns false if there is none. */
    public boolean reserve(long bytes) {
        long taken = heldBytes.addAndGet(bytes);
        if (taken > heldBytesMax()) {
            giveBack(bytes);
            return false;
        }
        if (taken > othersLimitedBy) {
            limitOthers();
        }
        return true;
    }

    /** Returns unused reserved room to the other pages. */
    void giveBack(long bytes) {
        long left = heldBytes.addAndGet(-bytes);
        // Not at each step: a cache with a new limit may first drop the page that is being read.
        if (left == 0 || left < othersLimitedBy / 2) {
            limitOthers();
        }
    }

    private synchronized void limitOthers() {
        othersLimitedBy = heldBytes.get();
        limit.setMaximum(pageBytesMax - othersLimitedBy);
    }

    /** Returns the map of a delta; null if it is not cached. */
    public DeltaMap map(long seq, int slot) {
        return maps.getIfPresent(new PageKey(seq, slot, 0));
    }

    public void put(long seq, int slot, DeltaMap map) {
        maps.put(new PageKey(seq, slot, 0), map);
    }

    /** Returns the number of hits since the start. */
    public long hits() {
        return hits.sum();
    }

    /** Returns the number of misses since the start. */
    public long misses() {
        return misses.sum();
    }

    /** Returns the number of pages that read-ahead fetched. */
    public long ahead() {
        return ahead.sum();
    }

    /** Returns the number of pages that read-ahead fetched and the cache dropped unread. */
    public long unread() {
        return unread.sum();
    }
}
