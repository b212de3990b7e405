// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

/**
 * Names a page of a frame for ever.
 *
 * @param seq the commit
 * @param slot the frame in it
 * @param page number of the 32 KiB page in the frame's plain bytes
 */
public record PageKey(long seq, int slot, int page) {
    @Override
    public int hashCode() {
        long mixed = (seq * 0x9E3779B97F4A7C15L) ^ ((long) slot << 4) * 0xC2B2AE3D27D4EB4FL ^ page;
        return (int) (mixed ^ mixed >>> 32);
    }
}
