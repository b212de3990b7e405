// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Which part of a directory is listed.
 *
 * @param after cookie of the entry that the reader had last; 0: from the start
 * @param end cookie that the next new entry had when the listing began, from {@link VirtualFileSystem#listingEnd}:
 *     entries from it on are not shown, so that a listing ends although names keep coming
 */
public record ListingRange(long after, long end) {
    /** For a listing in one call, which sees no later entries anyway. */
    public static ListingRange after(long cookie) {
        return new ListingRange(cookie, Long.MAX_VALUE);
    }
}
