// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.PageFetcher.Wanted;
import java.util.List;

/**
 * Pages of a stretch of a file that are fetched ahead by one task, and held until they are read or their reader has passed
 * them. Thread-safe.
 */
final class PrefetchRegion {
    private final long next;
    private final long end;
    private final List<Wanted> pages;
    private boolean fetched;
    private boolean released;

    /**
     * @param next offset in the file where the next region begins
     * @param end offset behind the last page; beyond {@code next} some of the pages may belong to the next region
     * @param pages stored, and not in memory
     */
    PrefetchRegion(long next, long end, List<Wanted> pages) {
        this.next = next;
        this.end = end;
        this.pages = pages;
    }

    long next() {
        return next;
    }

    long end() {
        return end;
    }

    List<Wanted> pages() {
        return pages;
    }

    /** Plain bytes. */
    long bytes() {
        return pages.stream().mapToLong(Wanted::length).sum();
    }

    /** Whether all pages came, or did not, and none still waits to be read. */
    synchronized boolean isRead(PageCache cache) {
        return fetched && pages.stream().noneMatch(page -> cache.holds(page.key()));
    }

    /** Called once, when no page comes any more. */
    synchronized void fetched(PageCache cache) {
        fetched = true;
        dropUnread(cache);
    }

    /** Called once, when the reader needs it no more. */
    synchronized void release(PageCache cache) {
        released = true;
        dropUnread(cache);
    }

    private void dropUnread(PageCache cache) {
        if (fetched && released) {
            pages.forEach(page -> cache.drop(page.key()));
        }
    }
}
