// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.FrameTable;
import java.util.List;
import java.util.Map;

/** Where pages come from that are not in memory. */
public interface PageFetcher {
    /**
     * A page that is wanted.
     *
     * @param table covers the slot
     */
    record Wanted(FrameTable table, int slot, int page) {
        public PageKey key() {
            return new PageKey(table.commit().seq(), slot, page);
        }

        /** Plain bytes. */
        public int length() {
            return table.frame(slot).pageLength(page);
        }
    }

    /** The object is not there, although the index names it. */
    final class MissingObjectException extends Exception {
        public MissingObjectException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Fetches and opens pages. Waits for the store; call it holding no lock.
     *
     * @param keep whether they are likely to be read again, so that they go into the cache
     * @return the plain bytes of each; a page that is not stored because it is all zeros is an empty array
     */
    Map<PageKey, byte[]> fetch(List<Wanted> pages, boolean keep) throws VolumeException, MissingObjectException;

    /**
     * Fetches pages that nobody has asked for yet, except those that are here or on their way, and holds them in the
     * cache, in room that was reserved for all of them; what is not used of it is given back. What fails is left to
     * whoever reads it.
     *
     * @return false if something failed
     */
    boolean fetchAhead(List<Wanted> pages);
}
