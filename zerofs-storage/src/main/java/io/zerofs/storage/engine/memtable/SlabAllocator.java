// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import java.util.ArrayList;
import java.util.List;

/**
 * Room for written bytes in arrays so large that the garbage collector does not move them: G1 gives an array of more than
 * half a region regions of its own. A slab lives as long as anything refers to one of its ranges. Thread-safe; a leaf lock.
 */
public final class SlabAllocator {
    /** Shorter bytes get an array of their own, which may grow. */
    static final int RANGE_BYTES_MIN = 4096;

    /** Fills regions of 1, 2 and 4 MiB but for the header of the array. */
    private static final int SLAB_BYTES = (4 << 20) - 16;

    private final int returnedMax;
    private final List<Range> returned = new ArrayList<>();
    private byte[] slab = {};
    private int used;

    /** @param returnedMax ranges that may wait to be taken again; each keeps its slab alive until they are forgotten */
    public SlabAllocator(int returnedMax) {
        this.returnedMax = returnedMax;
    }

    /**
     * Bytes that belong to one owner.
     *
     * @param slabs whose slab it is a part of; null if the array has nothing else
     */
    public record Range(byte[] bytes, int offset, int length, SlabAllocator slabs) {
        static Range of(byte[] bytes) {
            return new Range(bytes, 0, bytes.length, null);
        }

        boolean isShared() {
            return slabs != null;
        }
    }

    public Range take(int length) {
        return length < RANGE_BYTES_MIN ? Range.of(new byte[length]) : takeShared(length);
    }

    private synchronized Range takeShared(int length) {
        for (int i = returned.size() - 1; i >= 0; i--) {
            if (returned.get(i).length == length) {
                return returned.remove(i);
            }
        }
        if (length > slab.length - used) {
            slab = new byte[Math.max(SLAB_BYTES, length)];
            used = 0;
        }
        used += length;
        return new Range(slab, used - length, length, this);
    }

    /**
     * Makes room again of a range that nobody can read any more.
     *
     * @return false if it stays taken as long as its slab lives, because too many wait already
     */
    synchronized boolean giveBack(Range range) {
        if (range.bytes == slab && range.offset + range.length == used) {
            used -= range.length;
            return true;
        }
        return returned.size() < returnedMax && returned.add(range);
    }

    /** Keeps no slab alive for what was given back. */
    public synchronized void forgetReturned() {
        returned.clear();
    }
}
