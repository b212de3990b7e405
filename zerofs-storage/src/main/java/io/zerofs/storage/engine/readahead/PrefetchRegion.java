// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.PageFetcher.Wanted;
import java.util.List;

/**
 * Pages of a part of a file that one task fetches ahead. They are held until they are read or their reader has passed them.
 * Thread-safe.
 */
final class PrefetchRegion {
    private final long next;
    private final long end;
    private final List<Wanted> pages;
    private boolean fetched;
    private boolean released;

    /**
     * @param next offset in the file where the next region begins
     * @param end offset after the last page; beyond {@code next} some pages may belong to the next region
     * @param pages stored pages that are not in memory
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

    /** Returns the plain bytes of the pages. */
    long bytes() {
        return pages.stream().mapToLong(Wanted::length).sum();
    }

    /** Returns whether the fetch is over and no page waits to be read. */
    synchronized boolean isRead(PageCache cache) {
        return fetched && pages.stream().noneMatch(page -> cache.holds(page.key()));
    }

    /** Notes the end of the fetch. Called once. */
    synchronized void fetched(PageCache cache) {
        fetched = true;
        dropUnread(cache);
    }

    /** Releases the pages. Called once, when the reader no longer needs them. */
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
