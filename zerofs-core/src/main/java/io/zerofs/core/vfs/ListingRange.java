// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * The part of a directory to list.
 *
 * @param after cookie of the last entry that the reader has; 0 for a listing from the start
 * @param end cookie that the next new entry had when the listing began, from {@link VirtualFileSystem#listingEnd}. The
 *     listing leaves out entries from it on, so it ends even if clients keep adding names.
 */
public record ListingRange(long after, long end) {
    /** Returns the range for a listing in one call, which never sees later entries. */
    public static ListingRange after(long cookie) {
        return new ListingRange(cookie, Long.MAX_VALUE);
    }
}
