// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Decides how much of an object to fetch when a small read misses, and which region to fetch before a reader asks. Files that
 * were written together are together in an object, and the next files are in the next object. So readers of many small files
 * walk through objects in any order. Each miss shortly after others makes the region four times as large. Additional blocks
 * cost credit, and reading them earns it. So readers at random places soon get only the blocks that they want. Thread-safe;
 * never waits.
 */
final class RegionGrowth {
    static final int REGION_BLOCKS_MAX = (4 << 20) / DiskCache.CACHE_BLOCK_BYTES;

    /** Maximum distance of the numbers of objects that a walk visits one after the other. */
    static final int NEIGHBOURS_MAX = 4;

    private static final int OBJECTS_MAX = 256;
    private static final int STREAMS_MAX = 16;
    private static final double HALF_LIFE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final double SCORE_MAX = 5;

    /** Binary logarithm of the growth of a region with each miss. */
    private static final int GROWTH_BITS = 2;

    /** Share of its score that an object passes on to its neighbour. */
    private static final double INHERITED = 0.75;

    /** Number of unread additional blocks after which an object gets none for a while. */
    private static final int UNUSED_MAX = 48;

    private static final long DISTRUST_NANOS = TimeUnit.SECONDS.toNanos(8);

    /** Length of a region from which on the next region is fetched ahead. */
    private static final int AHEAD_BLOCKS_MIN = 4;

    /** Number of additional blocks that may be fetched before clients have read any. */
    private static final double CREDIT_AT_FIRST = 32;

    private static final double CREDIT_MAX = 4 * REGION_BLOCKS_MAX;

    /** Credit for each additional block that a client reads. */
    private static final double EARNED = 4;

    /** Credit for the passing of time, up to {@link #CREDIT_AT_FIRST}, so that growth is tried again. */
    private static final double CREDIT_PER_SECOND = 1;

    /** Blocks of an object from {@code first} to before {@code end}. */
    record Region(int first, int end) {
        int count() {
            return end - first;
        }

        boolean contains(int block) {
            return block >= first && block < end;
        }
    }

    /**
     * The region to fetch before a reader asks.
     *
     * @param region empty if it is in the next object
     * @param direction 1 if the reader goes forward, -1 if it goes backward, 0 if there is nothing to fetch
     */
    record Ahead(Region region, int direction) {
        static final Ahead NONE = new Ahead(new Region(0, 0), 0);
    }

    /** A reader in one object, or several that read the same region. */
    private static final class Stream {
        private final Region region;
        private int lastBlock;
        private boolean isFollowed;

        Stream(Region region, int lastBlock) {
            this.region = region;
            this.lastBlock = lastBlock;
        }
    }

    /** The observed reads of an object. */
    private static final class Seen {
        private final long number;
        private final BitSet unused = new BitSet();
        private final Deque<Stream> streams = new ArrayDeque<>(STREAMS_MAX);
        private double score;
        private long atNanos;
        private long grownNanos;
        private int used;

        Seen(long number, long atNanos) {
            this.number = number;
            this.atNanos = atNanos;
        }

        void decay(long nowNanos) {
            score *= Math.pow(0.5, (nowNanos - atNanos) / HALF_LIFE_NANOS);
            atNanos = nowNanos;
        }

        void count() {
            score = Math.min(SCORE_MAX, score + 1);
        }

        int regionBlocks() {
            return (int) Math.min(REGION_BLOCKS_MAX, 1L << GROWTH_BITS * Math.max(0, Math.round(score - 1)));
        }

        /** Returns whether clients left most additional blocks unread. Forgets it after a while. */
        boolean isWasted(long nowNanos) {
            boolean wasted = unused.cardinality() >= Math.max(UNUSED_MAX, 2 * used);
            if (wasted && nowNanos - grownNanos > DISTRUST_NANOS) {
                unused.clear();
                used = 0;
                score = 0;
                wasted = false;
            }
            return wasted;
        }

        Stream streamOf(int block) {
            return streams.stream()
                    .filter(stream -> stream.region.contains(block))
                    .findFirst()
                    .orElse(null);
        }
    }

    private final Map<Salt, Seen> objects = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Salt, Seen> eldest) {
            return size() > OBJECTS_MAX;
        }
    };
    private Seen latest = new Seen(0, 0);
    private double credit = CREDIT_AT_FIRST;
    private long creditNanos;

    /** Returns the region to fetch after a small read missed {@code block}. The region contains the block. */
    synchronized Region missed(ObjectHeader object, int block, long nowNanos) {
        Seen seen = seen(object, nowNanos);
        int blocks = blocks(seen, nowNanos, 1);
        int first = block / blocks * blocks;
        return withRest(object, first, first + blocks, 0);
    }

    /**
     * Notes that a region is fetched.
     *
     * @param wanted the block that a reader waits for; a block outside of the region if no reader waits
     */
    synchronized void fetching(ObjectHeader object, Region region, int wanted, long nowNanos) {
        Seen seen = seen(object, nowNanos);
        seen.unused.set(region.first(), region.end());
        if (region.contains(wanted)) {
            seen.unused.clear(wanted);
        }
        int additional = region.count() - (region.contains(wanted) ? 1 : 0);
        if (additional > 0) {
            earn(nowNanos, -additional);
            seen.grownNanos = nowNanos;
            if (seen.streams.size() == STREAMS_MAX) {
                seen.streams.removeLast();
            }
            seen.streams.addFirst(new Stream(region, wanted));
        }
    }

    /**
     * Notes a small read of this block before its answer.
     *
     * @param mayFetch whether the caller fetches the returned region
     */
    synchronized Ahead read(ObjectHeader object, int block, boolean mayFetch, long nowNanos) {
        Seen seen = objects.get(object.salt());
        Stream stream = seen == null ? null : seen.streamOf(block);
        if (stream == null) {
            return Ahead.NONE;
        }
        int direction = Integer.signum(block - stream.lastBlock);
        stream.lastBlock = block;
        if (!seen.unused.get(block)) {
            return Ahead.NONE;
        }
        seen.unused.clear(block);
        seen.used++;
        earn(nowNanos, EARNED);
        Region region = stream.region;
        boolean isHalfRead = seen.unused.get(region.first(), region.end()).cardinality() <= region.count() / 2;
        if (!mayFetch || stream.isFollowed || !isHalfRead || region.count() < AHEAD_BLOCKS_MIN || direction == 0) {
            return Ahead.NONE;
        }
        seen.decay(nowNanos);
        int blocks = blocks(seen, nowNanos, 0);
        stream.isFollowed = blocks > 0;
        if (blocks == 0) {
            return Ahead.NONE;
        }
        Region next = direction > 0
                ? withRest(object, region.end(), region.end() + blocks, 1)
                : withRest(object, region.first() - blocks, region.first(), -1);
        return new Ahead(next, direction);
    }

    /** Returns the region of an object to fetch before a reader comes from its neighbour; empty if there is none. */
    synchronized Region entered(ObjectHeader object, int direction, long nowNanos) {
        Seen seen = seen(object, nowNanos);
        int blocks = blocks(seen, nowNanos, 0);
        return direction > 0
                ? withRest(object, begin(object), begin(object) + blocks, 1)
                : withRest(object, blocks(object) - blocks, blocks(object), -1);
    }

    /** Returns the number of blocks to fetch at once, at least {@code wanted}. */
    private int blocks(Seen seen, long nowNanos, int wanted) {
        earn(nowNanos, 0);
        boolean isWasted = seen.isWasted(nowNanos);
        seen.count();
        int affordable = (int) Math.max(0, credit) + wanted;
        return isWasted ? wanted : Math.min(seen.regionBlocks(), Integer.highestOneBit(affordable));
    }

    private void earn(long nowNanos, double earned) {
        if (credit < CREDIT_AT_FIRST) {
            double rested = (nowNanos - creditNanos) * CREDIT_PER_SECOND / TimeUnit.SECONDS.toNanos(1);
            credit = Math.min(CREDIT_AT_FIRST, credit + rested);
        }
        creditNanos = nowNanos;
        credit = Math.min(CREDIT_MAX, credit + earned);
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

    /** Returns a region with the rest of the object in this direction, or in both for 0, if it is shorter than half of it. */
    private Region withRest(ObjectHeader object, int first, int end, int direction) {
        int half = (int) Math.min(credit - (end - first), (end - first) / 2);
        int from = direction <= 0 && first - begin(object) < half ? begin(object) : first;
        int to = direction >= 0 && blocks(object) - end < half ? blocks(object) : end;
        return within(object, from, to);
    }

    private static int begin(ObjectHeader object) {
        return (int) (object.dataOffset() / DiskCache.CACHE_BLOCK_BYTES);
    }

    private static int blocks(ObjectHeader object) {
        return (int) ((object.objectLength() + DiskCache.CACHE_BLOCK_BYTES - 1) / DiskCache.CACHE_BLOCK_BYTES);
    }

    private static Region within(ObjectHeader object, int first, int end) {
        int from = Math.max(begin(object), Math.min(first, blocks(object)));
        return new Region(from, Math.max(from, Math.min(end, blocks(object))));
    }
}
