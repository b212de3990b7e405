// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.cache.RegionGrowth.Region;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Salt;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Readers of objects of several shapes, and how many requests and blocks the regions make of them. */
final class RegionGrowthTest {
    private static final int BLOCKS = 64;
    private static final long READ_NANOS = 1_000_000;
    private static final long REQUEST_NANOS = 40_000_000;

    private final RegionGrowth growth = new RegionGrowth();
    private final SplittableRandom salts = new SplittableRandom(1);
    private long now;
    private int requests;
    private int fetchedBlocks;

    private ObjectHeader object(long number, int blocks) {
        return new ObjectHeader(
                ObjectKind.COMMIT,
                1,
                1,
                number,
                Salt.random(salts),
                100,
                (long) blocks * DiskCache.CACHE_BLOCK_BYTES - 180);
    }

    /** Reads a block as a cache that keeps everything would have it read. */
    private void read(ObjectHeader object, int block, BitSet cached) {
        if (!cached.get(block)) {
            Region region = growth.missed(object, block, now);
            assertTrue(region.first() <= block && block < region.end());
            now += REQUEST_NANOS;
            fetch(region, cached);
        }
        Region ahead = growth.read(object, block, now);
        if (ahead.count() > 0) {
            fetch(ahead, cached);
        }
        now += READ_NANOS;
    }

    private void fetch(Region region, BitSet cached) {
        requests++;
        for (int block = region.first(); block < region.end(); block++) {
            fetchedBlocks += cached.get(block) ? 0 : 1;
            cached.set(block);
        }
    }

    @Test
    void aWalkThroughObjectsTakesFewRequestsForwardAndBack() {
        for (int number = 1; number <= 6; number++) {
            ObjectHeader object = object(number, BLOCKS);
            BitSet cached = new BitSet();
            for (int i = 0; i < BLOCKS; i++) {
                read(object, number % 2 == 0 ? BLOCKS - 1 - i : i, cached);
            }
        }
        assertTrue(requests <= 40, requests + " requests");
        assertEquals(6 * BLOCKS, fetchedBlocks);
    }

    @Test
    void manyReadersOfOneObjectInAnyOrderTakeFewRequests() throws Exception {
        Seeds.run(100, seed -> {
            ObjectHeader object = object(1, BLOCKS);
            BitSet cached = new BitSet();
            requests = 0;
            SplittableRandom random = new SplittableRandom(seed);
            while (cached.cardinality() < BLOCKS) {
                read(object, random.nextInt(BLOCKS), cached);
            }
            assertTrue(requests <= 20, requests + " requests");
        });
    }

    @Test
    void randomReadsOfALargeObjectFetchLittleBesideTheirBlocks() throws Exception {
        Seeds.run(20, seed -> {
            int blocks = 30_000;
            ObjectHeader object = object(1, blocks);
            BitSet cached = new BitSet();
            SplittableRandom random = new SplittableRandom(seed);
            fetchedBlocks = 0;
            int reads = 2_000;
            for (int i = 0; i < reads; i++) {
                read(object, random.nextInt(blocks), cached);
            }
            assertTrue(fetchedBlocks <= 2 * reads, fetchedBlocks + " blocks");
        });
    }
}
