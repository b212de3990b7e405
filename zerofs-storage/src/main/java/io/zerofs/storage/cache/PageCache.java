// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.zerofs.storage.commit.DeltaMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Decoded pages and maps of deltas in memory, within a limit of bytes; those that are used often stay. Arrays are shared:
 * nobody changes them. Thread-safe.
 */
public final class PageCache {
    private static final int ENTRY_OVERHEAD_BYTES = 128;
    private static final int RANGE_BYTES = 12;
    private static final int MAPS_SHARE = 8;

    private final Cache<PageKey, byte[]> pages;
    private final Cache<PageKey, DeltaMap> maps;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    /** @param bytesMax of pages and maps together; 0 keeps nothing */
    public PageCache(long bytesMax) {
        long mapBytes = bytesMax / MAPS_SHARE;
        // Evictions run on the thread that caused them: they are short, and the bound holds at once.
        this.pages = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumWeight(bytesMax - mapBytes)
                .weigher((PageKey key, byte[] page) -> page.length + ENTRY_OVERHEAD_BYTES)
                .build();
        this.maps = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumWeight(mapBytes)
                .weigher((PageKey key, DeltaMap map) -> map.count() * RANGE_BYTES + ENTRY_OVERHEAD_BYTES)
                .build();
    }

    /** Plain bytes of a page, without trailing zeros; null if they are not here. */
    public byte[] page(PageKey key) {
        byte[] page = pages.getIfPresent(key);
        (page == null ? misses : hits).increment();
        return page;
    }

    public void put(PageKey key, byte[] page) {
        pages.put(key, page);
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
}
