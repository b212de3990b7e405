// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.cache.RegionGrowth.Ahead;
import io.zerofs.storage.cache.RegionGrowth.Region;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Salt;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Readers of objects of several shapes, and how many requests, waits and blocks the regions make of them. */
final class RegionGrowthTest {
    private static final int BLOCKS = 64;
    private static final long READ_NANOS = 1_000_000;
    private static final long REQUEST_NANOS = 40_000_000;

    /** Additional blocks that a reader without success may get at once. */
    private static final int TRIED_BLOCKS = 32;

    /** Additional blocks for each one that a client reads. */
    private static final int EARNED_BLOCKS = 4;

    private final RegionGrowth growth = new RegionGrowth();
    private final SplittableRandom salts = new SplittableRandom(1);
    private final List<ObjectHeader> objects = new ArrayList<>();
    private final List<BitSet> cached = new ArrayList<>();
    private long now;
    private int requests;
    private int waits;
    private int fetchedBlocks;
    private int allWaits;
    private int allFetchedBlocks;

    private void objects(int count, int blocks) {
        for (int i = 0; i < count; i++) {
            long length = (long) blocks * DiskCache.CACHE_BLOCK_BYTES - 180;
            objects.add(new ObjectHeader(ObjectKind.COMMIT, 1, 1, objects.size(), Salt.random(salts), 100, length));
            cached.add(new BitSet());
        }
    }

    /** Reads a block as a cache that keeps everything would have it read. */
    private void read(int number, int block) {
        ObjectHeader object = objects.get(number);
        if (!cached.get(number).get(block)) {
            Region region = growth.missed(object, block, now);
            assertTrue(region.contains(block));
            now += REQUEST_NANOS;
            waits++;
            fetch(number, region, block);
        }
        Ahead ahead = growth.read(object, block, true, now);
        int next = number;
        Region region = ahead.region();
        if (ahead.direction() != 0 && region.count() == 0) {
            next += ahead.direction();
            region = next < 0 || next == objects.size()
                    ? region
                    : growth.entered(objects.get(next), ahead.direction(), now);
        }
        if (region.count() > 0) {
            fetch(next, region, ahead.direction() > 0 ? region.first() - 1 : region.end());
        }
        now += READ_NANOS;
    }

    private void fetch(int number, Region region, int wanted) {
        BitSet blocks = cached.get(number);
        int first = region.first();
        int end = region.end();
        while (first < end && blocks.get(first)) {
            first++;
        }
        while (first < end && blocks.get(end - 1)) {
            end--;
        }
        if (first < end) {
            requests++;
            fetchedBlocks += end - first - blocks.get(first, end).cardinality();
            growth.fetching(objects.get(number), new Region(first, end), wanted, now);
            blocks.set(first, end);
        }
    }

    private void assertAtMost(int limit, int count, String what) {
        assertTrue(count <= limit, count + " " + what + ", more than " + limit);
    }

    @Test
    void aWalkThroughObjectsWaitsOnlyAtItsStart() {
        objects(8, 42);
        for (int number = 0; number < 8; number++) {
            for (int block = 0; block < 42; block++) {
                read(number, block);
            }
        }
        assertAtMost(3, waits, "waits");
        assertAtMost(14, requests, "requests");
        assertEquals(8 * 42, fetchedBlocks);
    }

    @Test
    void aWalkThroughSmallObjectsFetchesEachOfThemBeforeItComes() {
        objects(40, 10);
        for (int read = 0; read < 400; read++) {
            read(read / 10, read % 10);
        }
        assertAtMost(3, waits, "waits");
        assertAtMost(44, requests, "requests");
        for (int read = 399; read >= 0; read--) {
            cached.get(read / 10).clear();
        }
        for (int read = 399; read >= 0; read--) {
            read(read / 10, read % 10);
        }
        assertAtMost(6, waits, "waits");
        assertAtMost(88, requests, "requests");
    }

    @Test
    void aWalkBackwardWaitsOnlyAtItsStart() {
        objects(8, 42);
        for (int number = 7; number >= 0; number--) {
            for (int block = 41; block >= 0; block--) {
                read(number, block);
            }
        }
        assertAtMost(3, waits, "waits");
        assertAtMost(18, requests, "requests");
        assertEquals(8 * 42, fetchedBlocks);
    }

    @Test
    void aLaterWalkBeginsSmallAgain() {
        objects(1, 4 * BLOCKS);
        for (int block = 0; block < BLOCKS; block++) {
            read(0, block);
        }
        now += 60_000_000_000L;
        int before = fetchedBlocks;
        objects(1, BLOCKS);
        read(1, 7);
        assertEquals(before + 1, fetchedBlocks);
    }

    @Test
    void severalStreamsInOneObjectAllGetTheirNextRegions() {
        int streams = 4;
        objects(1, streams * 300);
        for (int i = 0; i < 300; i++) {
            for (int stream = 0; stream < streams; stream++) {
                // Two go forward and two backward.
                read(0, stream * 300 + (stream % 2 == 0 ? i : 299 - i));
            }
        }
        assertAtMost(4 * streams, waits, "waits");
        assertAtMost(15 * streams, requests, "requests");
        assertEquals(streams * 300, fetchedBlocks);
    }

    @Test
    void manyReadersOfOneObjectInAnyOrderTakeFewRequests() throws Exception {
        Seeds.run(100, seed -> {
            objects(1, BLOCKS);
            int number = objects.size() - 1;
            requests = 0;
            SplittableRandom random = new SplittableRandom(seed);
            while (cached.get(number).cardinality() < BLOCKS) {
                read(number, random.nextInt(BLOCKS));
            }
            assertAtMost(24, requests, "requests");
            now += 60_000_000_000L;
        });
    }

    @Test
    void randomReadsOfALargeObjectFetchLittleBesideTheirBlocks() throws Exception {
        Seeds.run(20, seed -> {
            objects(1, 30_000);
            randomReads(seed, objects.size() - 1, objects.size(), 30_000, 2_000);
        });
        assertAtMost(allWaits * 5 / 4, allFetchedBlocks, "blocks");
    }

    @Test
    void randomReadsOfAFileInManyObjectsFetchLittleBesideTheirBlocks() throws Exception {
        Seeds.run(20, seed -> {
            objects(48, 42);
            randomReads(seed, objects.size() - 48, objects.size(), 42, 300);
        });
        assertAtMost(allWaits * 3 / 2, allFetchedBlocks, "blocks");
    }

    private void randomReads(long seed, int from, int end, int blocks, int reads) {
        SplittableRandom random = new SplittableRandom(seed);
        long start = now;
        waits = 0;
        fetchedBlocks = 0;
        for (int i = 0; i < reads; i++) {
            read(random.nextInt(from, end), random.nextInt(blocks));
        }
        int seconds = (int) ((now - start) / 1_000_000_000);
        // Some reads meet an additional block by chance, and then there are more of them.
        int met = reads - waits;
        assertAtMost(waits + TRIED_BLOCKS + seconds + EARNED_BLOCKS * met, fetchedBlocks, "blocks");
        allWaits += waits;
        allFetchedBlocks += fetchedBlocks;
        now += 60_000_000_000L;
    }

    /** A program that lists files in order and then reads at random places, over and over. */
    @Test
    void successEarnsABoundedNumberOfBlocks() {
        objects(40, BLOCKS);
        for (int number = 0; number < 20; number++) {
            for (int block = 0; block < BLOCKS; block++) {
                read(number, block);
            }
        }
        int before = fetchedBlocks;
        waits = 0;
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 200; i++) {
            read(20 + random.nextInt(20), random.nextInt(BLOCKS));
        }
        assertAtMost(waits + 5 * RegionGrowth.REGION_BLOCKS_MAX + 200, fetchedBlocks - before, "blocks");
    }
}
