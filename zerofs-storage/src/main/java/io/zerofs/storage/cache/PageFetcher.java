// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.FrameTable;
import java.util.List;
import java.util.Map;

/** Fetches pages that are not in memory. */
public interface PageFetcher {
    /**
     * A page to fetch.
     *
     * @param table covers the slot
     */
    record Wanted(FrameTable table, int slot, int page) {
        public PageKey key() {
            return new PageKey(table.commit().seq(), slot, page);
        }

        /** Returns the plain bytes of the page. */
        public int length() {
            return table.frame(slot).pageLength(page);
        }
    }

    /** The object is missing, although the index names it. */
    final class MissingObjectException extends Exception {
        public MissingObjectException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Fetches and opens pages. Waits for the store; call it holding no lock.
     *
     * @param keep whether clients will probably read the pages again, so that they go into the cache
     * @return the plain bytes of each page; a page of zeros is not stored and is an empty array
     */
    Map<PageKey, byte[]> fetch(List<Wanted> pages, boolean keep) throws VolumeException, MissingObjectException;

    /**
     * Opens a page whose stored bytes are in memory, for a small read. Never waits.
     *
     * @return the page, or an empty map if the caller has to fetch it
     */
    Map<PageKey, byte[]> open(Wanted page);

    /**
     * Fetches pages for read-ahead, except pages that are cached or already being fetched. Holds them in the cache in room
     * that was reserved for all of them, and returns unused room. If a page fails, its reader fetches it again.
     *
     * @return false if a page failed
     */
    boolean fetchAhead(List<Wanted> pages);
}
