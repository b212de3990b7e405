// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import java.util.ArrayList;
import java.util.List;

/**
 * Allocates written bytes in arrays so large that the garbage collector does not move them: G1 puts an array of more than
 * half a region into regions of its own. A slab lives while anything refers to one of its ranges. Thread-safe; a leaf lock.
 */
public final class SlabAllocator {
    /** Minimum bytes of a range. Shorter data gets an array of its own, which may grow. */
    static final int RANGE_BYTES_MIN = 4096;

    /** Bytes of a slab. With the array's header it fills regions of 1, 2 and 4 MiB. */
    private static final int SLAB_BYTES = (4 << 20) - 16;

    private final int returnedMax;
    private final List<Range> returned = new ArrayList<>();
    private byte[] slab = {};
    private int used;

    /** @param returnedMax ranges that may wait for reuse; each keeps its slab alive until {@link #forgetReturned} */
    public SlabAllocator(int returnedMax) {
        this.returnedMax = returnedMax;
    }

    /**
     * Bytes that belong to one owner.
     *
     * @param slabs the owner of the slab; null if the array has only these bytes
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
     * Returns a range for reuse that no reader can reach.
     *
     * @return false if the range stays taken while its slab lives, because too many ranges wait
     */
    synchronized boolean giveBack(Range range) {
        if (range.bytes == slab && range.offset + range.length == used) {
            used -= range.length;
            return true;
        }
        return returned.size() < returnedMax && returned.add(range);
    }

    /** Drops returned ranges, so that they keep no slab alive. */
    public synchronized void forgetReturned() {
        returned.clear();
    }
}
