// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Decides how much of an object to fetch when a small read misses. Files that were written together are together in an
 * object, so readers of many small files walk through objects in any order. Each miss shortly after others doubles the
 * region, up to 4 MiB. If clients do not read the additional blocks, the object gets none for a while. The next object
 * begins with larger regions. Thread-safe; never waits.
 */
final class RegionGrowth {
    static final int REGION_BLOCKS_MAX = (4 << 20) / DiskCache.CACHE_BLOCK_BYTES;

    private static final int OBJECTS_MAX = 256;
    private static final double HALF_LIFE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final double SCORE_MAX = 8;

    /** Share of its score that an object passes on to its neighbour. */
    private static final double INHERITED = 0.75;

    private static final int NEIGHBOURS_MAX = 4;

    /** Number of unread additional blocks after which an object gets none for a while. */
    private static final int UNUSED_MAX = 48;

    private static final long DISTRUST_NANOS = TimeUnit.SECONDS.toNanos(8);

    /** Length of a region from which on the next region is fetched ahead. */
    private static final int AHEAD_BLOCKS_MIN = 8;

    /** Blocks of an object from {@code first} to before {@code end}. */
    record Region(int first, int end) {
        int count() {
            return end - first;
        }
    }

    /** The observed reads of an object. */
    private static final class Seen {
        private final long number;
        private final BitSet unused = new BitSet();
        private double score;
        private long atNanos;
        private long grownNanos;
        private int used;
        private int lastBlock;
        private Region last = new Region(0, 0);

        Seen(long number, long atNanos) {
            this.number = number;
            this.atNanos = atNanos;
        }

        void decay(long nowNanos) {
            score *= Math.pow(0.5, (nowNanos - atNanos) / HALF_LIFE_NANOS);
            atNanos = nowNanos;
        }

        int regionBlocks() {
            return (int) Math.min(REGION_BLOCKS_MAX, 1L << Math.max(0, Math.round(score - 1)));
        }
    }

    private final Map<Salt, Seen> objects = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Salt, Seen> eldest) {
            return size() > OBJECTS_MAX;
        }
    };
    private Seen latest = new Seen(0, 0);

    /** Returns the region to fetch after a small read missed {@code block}. The region contains the block. */
    synchronized Region missed(ObjectHeader object, int block, long nowNanos) {
        Seen seen = seen(object, nowNanos);
        boolean wasted = seen.unused.cardinality() >= Math.max(UNUSED_MAX, 2 * seen.used);
        if (wasted && nowNanos - seen.grownNanos > DISTRUST_NANOS) {
            seen.unused.clear();
            seen.used = 0;
            seen.score = 0;
            wasted = false;
        }
        seen.score = Math.min(SCORE_MAX, seen.score + 1);
        int blocks = wasted ? 1 : seen.regionBlocks();
        seen.grownNanos = blocks > 1 ? nowNanos : seen.grownNanos;
        int first = block / blocks * blocks;
        return fetched(seen, within(object, first, first + blocks), block);
    }

    /**
     * Notes a small read of this block before its answer.
     *
     * @return the region to fetch ahead; empty if there is none
     */
    synchronized Region read(ObjectHeader object, int block, long nowNanos) {
        Seen seen = objects.get(object.salt());
        Region none = new Region(block, block);
        if (seen == null) {
            return none;
        }
        int direction = Integer.signum(block - seen.lastBlock);
        seen.lastBlock = block;
        if (!seen.unused.get(block)) {
            return none;
        }
        seen.unused.clear(block);
        seen.used++;
        Region last = seen.last;
        boolean isHalfRead = block >= last.first()
                && block < last.end()
                && seen.unused.get(last.first(), last.end()).cardinality() <= last.count() / 2;
        if (!isHalfRead || last.count() < AHEAD_BLOCKS_MIN || direction == 0) {
            return none;
        }
        seen.decay(nowNanos);
        seen.score = Math.min(SCORE_MAX, seen.score + 1);
        int blocks = seen.regionBlocks();
        Region next = direction > 0
                ? within(object, last.end(), last.end() + blocks)
                : within(object, last.first() - blocks, last.first());
        return next.count() > 0 ? fetched(seen, next, -1) : none;
    }

    private Seen seen(ObjectHeader object, long nowNanos) {
        Seen seen = objects.get(object.salt());
        if (seen == null) {
            seen = new Seen(object.number(), nowNanos);
            latest.decay(nowNanos);
            if (Math.abs(latest.number - object.number()) <= NEIGHBOURS_MAX) {
                seen.score = INHERITED * latest.score;
            }
            objects.put(object.salt(), seen);
        }
        seen.decay(nowNanos);
        latest = seen;
        return seen;
    }

    private static Region fetched(Seen seen, Region region, int wanted) {
        seen.unused.set(region.first(), region.end());
        if (wanted >= 0) {
            seen.unused.clear(wanted);
            seen.lastBlock = wanted;
        }
        seen.last = region;
        return region;
    }

    private static Region within(ObjectHeader object, int first, int end) {
        int begin = (int) (object.dataOffset() / DiskCache.CACHE_BLOCK_BYTES);
        int count = (int) ((object.objectLength() + DiskCache.CACHE_BLOCK_BYTES - 1) / DiskCache.CACHE_BLOCK_BYTES);
        int from = Math.max(begin, Math.min(first, count));
        return new Region(from, Math.max(from, Math.min(end, count)));
    }
}
