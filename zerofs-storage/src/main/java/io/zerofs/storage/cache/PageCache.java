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
 * Decoded pages and maps of deltas in memory, within a limit of bytes; those that are used often stay. Pages that were
 * fetched ahead are held until they are read for the first time: a policy that keeps what is used often would let go of
 * them at once. Arrays are shared: nobody changes them. Thread-safe.
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
        // Evictions run on the thread that caused them: they are short, and the bound holds at once.
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

    /** Plain bytes of a page, without trailing zeros; null if they are not here. */
    public byte[] page(PageKey key) {
        byte[] page = pages.getIfPresent(key);
        if (page == null) {
            page = takeHeld(key);
        }
        (page == null ? misses : hits).increment();
        return page;
    }

    /** A page that was held is read: from now on it is one of the others. Null if it is not held. */
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

    /** Whether a page is here; does not count as its use. */
    public boolean has(PageKey key) {
        return held.containsKey(key) || pages.asMap().containsKey(key);
    }

    /** Whether a page is held that nobody has asked for yet. */
    public boolean holds(PageKey key) {
        return held.containsKey(key);
    }

    /** Keeps a page that nobody has asked for yet, in room that was reserved for it, until it is read or dropped. */
    void hold(PageKey key, byte[] page) {
        if (pages.asMap().containsKey(key)) {
            // Read while it was asked for: nobody would look for it among those that are held.
            giveBack(page.length);
            return;
        }
        byte[] before = held.put(key, page);
        if (before != null) {
            // Fetched twice, as happens to a page that arrives just when it is asked for again.
            giveBack(before.length);
        }
        ahead.increment();
    }

    /** Lets go of a page if it is held. */
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

    /** Most bytes of pages that are held. */
    public long heldBytesMax() {
        return pageBytesMax / 4 * 3;
    }

    /** Takes room for pages to hold from the others; false if there is none. */
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

    /** Gives back room that is not used. */
    void giveBack(long bytes) {
        long left = heldBytes.addAndGet(-bytes);
        // Not at each step: what a cache with a new limit drops first may be the page that is just being read.
        if (left == 0 || left < othersLimitedBy / 2) {
            limitOthers();
        }
    }

    private synchronized void limitOthers() {
        othersLimitedBy = heldBytes.get();
        limit.setMaximum(pageBytesMax - othersLimitedBy);
    }

    /** The map of a delta; null if it is not here. */
    public DeltaMap map(long seq, int slot) {
        return maps.getIfPresent(new PageKey(seq, slot, 0));
    }

    public void put(long seq, int slot, DeltaMap map) {
        maps.put(new PageKey(seq, slot, 0), map);
    }

    /** Pages that were found here since the start. */
    public long hits() {
        return hits.sum();
    }

    /** Pages that were not. */
    public long misses() {
        return misses.sum();
    }

    /** Pages that were fetched ahead. */
    public long ahead() {
        return ahead.sum();
    }

    /** Pages that were fetched ahead and let go before anybody read them. */
    public long unread() {
        return unread.sum();
    }
}
