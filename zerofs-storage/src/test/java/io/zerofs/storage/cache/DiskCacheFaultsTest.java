// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.files.DiskContent.Syncs;
import io.zerofs.storage.files.DiskFault;
import io.zerofs.storage.files.DiskFault.Kind;
import io.zerofs.storage.files.DiskFault.Reason;
import io.zerofs.storage.files.FaultyDisk;
import io.zerofs.storage.object.ManualMonotonicClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk cache on a disk whose calls fail and which forgets: blocks are right or missing, and the cache recovers. */
final class DiskCacheFaultsTest {
    private static final long BYTES_MAX = 64 << 20;
    private static final int BLOCKS_OF_A_SEGMENT = 40;

    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final OfferedBlocks blocks = new OfferedBlocks();

    @TempDir
    Path directory;

    private FaultyDisk disk;
    private DiskCache cache;

    @BeforeEach
    void newDisk() throws Exception {
        disk = new FaultyDisk(directory, Syncs.POSIX);
        open();
    }

    @AfterEach
    void close() {
        cache.close();
    }

    private void open() throws InterruptedException {
        cache = DiskCache.open(new DiskCacheSettings(disk.path().resolve("blocks"), BYTES_MAX, 0), clock);
        cache.drain();
    }

    private void restart() throws InterruptedException {
        cache.close();
        disk = disk.restarted();
        open();
    }

    @Test
    void anEntryThatCannotBeDeletedDoesNotKeepSegmentsFromBeingUsed() throws Exception {
        blocks.offer(cache, 0, 10);
        cache.close();
        Files.createDirectories(directory.resolve("blocks/0/a directory with entries"));
        restart();
        assertEquals(10, blocks.found(cache, 0, 10));
        clock.advance(Duration.ofMinutes(1));
        blocks.offer(cache, 10, 20);
        assertEquals(20, blocks.found(cache, 0, 20));
    }

    @Test
    void aSegmentThatCannotBeOpenedDoesNotKeepOthersFromBeingUsed() throws Exception {
        blocks.offer(cache, 0, 3 * BLOCKS_OF_A_SEGMENT);
        cache.close();
        disk = disk.restarted();
        disk.setFault(call -> call.kind() == Kind.OPEN && call.file().endsWith("000000000001.blocks")
                ? Reason.IO_ERROR.of(call)
                : null);
        open();
        assertTrue(blocks.found(cache, 0, 3 * BLOCKS_OF_A_SEGMENT) > 0);
        clock.advance(Duration.ofMinutes(1));
        blocks.offer(cache, 1000, 1010);
        assertEquals(10, blocks.found(cache, 1000, 1010));
    }

    @Test
    void aSegmentThatCannotBeReadDoesNotEndTheCache() throws Exception {
        Path oldest = Path.of("000000000001.blocks");
        disk.setFault(
                call -> call.kind() == Kind.READ && call.file().endsWith(oldest) ? Reason.IO_ERROR.of(call) : null);
        int block = 0;
        while (Files.exists(directory.resolve("blocks").resolve(oldest)) || block == 0) {
            assertTrue(block < 4 * BYTES_MAX / DiskCache.CACHE_BLOCK_BYTES, "the oldest segment stays");
            blocks.offer(cache, block, ++block);
            clock.advance(Duration.ofMinutes(1));
        }
        blocks.offer(cache, block, block + 10);
        assertEquals(10, blocks.found(cache, block, block + 10));
    }

    @Test
    void blocksAreRightOrMissingAfterAnyFailureAndAnyPowerCut() throws Exception {
        Seeds.run(4, this::run);
    }

    @Test
    @Tag("slow")
    void theSameInManyRuns() throws Exception {
        Seeds.run(100, this::run);
    }

    private void run(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        for (int life = 0; life < 6; life++) {
            long call = disk.callCount() + 1 + random.nextInt(200);
            Reason reason = Reason.values()[random.nextInt(Reason.values().length)];
            disk.setFault(random.nextBoolean() ? DiskFault.at(call, reason) : DiskFault.from(call, reason));
            int from = random.nextInt(300);
            blocks.offer(cache, from, from + random.nextInt(100));
            blocks.found(cache, 0, 400);
            disk.setFault(DiskFault.NONE);
            clock.advance(Duration.ofMinutes(1));
            int fresh = 1000 + random.nextInt(1_000_000);
            blocks.offer(cache, fresh, fresh + 1);
            assertEquals(1, blocks.found(cache, fresh, fresh + 1), "the cache is used again");
            cache.close();
            disk = random.nextBoolean() ? disk.restarted() : disk.powerCut(random.nextLong());
            if (random.nextBoolean()) {
                disk.setFault(DiskFault.at(1 + random.nextInt(60), reason));
            }
            open();
            disk.setFault(DiskFault.NONE);
            clock.advance(Duration.ofMinutes(1));
            blocks.found(cache, 0, 400);
        }
    }
}
