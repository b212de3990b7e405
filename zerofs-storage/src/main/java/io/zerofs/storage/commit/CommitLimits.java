// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.core.volume.Volume;

/** Bounds of a commit object. A writer obeys them. A reader refuses an object beyond them before it allocates. */
public final class CommitLimits {
    public static final int CHUNK_BYTES = Volume.CHUNK_BYTES;

    /** Plain bytes of a page of a frame. */
    public static final int FRAME_PAGE_BYTES = 32 * 1024;

    /** Slots of one commit. */
    public static final int SLOTS_MAX = 1 << 18;

    /** Plain bytes of a commit's log section. */
    public static final int LOG_BYTES_MAX = 64 * 1024 * 1024;

    /** Victims in one list of dead frames, and batches in one log. */
    public static final int DEATHS_MAX = 1 << 20;

    public static final int BATCHES_MAX = 1 << 22;

    /** Ranges of one delta. */
    static final int RANGES_MAX = CHUNK_BYTES;

    /** Plain bytes of one delta: a range costs at most two bytes of map per byte that it covers or omits. */
    static final int DELTA_BYTES_MAX = 3 * CHUNK_BYTES + 3;

    private CommitLimits() {}
}
