// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache on real file systems that are full or can no longer be written: it helps less, and nothing fails. */
final class DiskCacheOnBadDiskTest {
    private static final long BYTES_MAX = 64 << 20;

    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final Salt object = Salt.random(new Random(1));

    @TempDir
    Path disk;

    private DiskCache cache;

    @BeforeEach
    void mountASmallDisk() throws Exception {
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString()) == 0,
                "a file system can be mounted by root only");
        open();
    }

    private void open() throws InterruptedException {
        cache = DiskCache.open(new DiskCacheSettings(disk.resolve("blocks"), BYTES_MAX, 0), clock);
        cache.drain();
    }

    @AfterEach
    void unmount() throws Exception {
        if (cache != null) {
            cache.close();
        }
        run("umount", disk.toString());
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private void offer(int from, int to) throws InterruptedException {
        for (int block = from; block < to; block++) {
            cache.offer(object, block, List.of(content(block)));
            cache.drain();
        }
    }

    private static ByteBuffer content(int block) {
        byte[] bytes = new byte[DiskCache.CACHE_BLOCK_BYTES];
        new Random(block).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    /** How many of the blocks are here; each of them must be right. */
    private int found(int from, int to) {
        int found = 0;
        for (int block = from; block < to; block++) {
            ByteBuffer bytes = cache.get(object, block);
            if (bytes != null) {
                assertEquals(content(block), bytes);
                found++;
            }
        }
        return found;
    }

    @Test
    void aDiskSmallerThanTheCacheKeepsTheNewest() throws Exception {
        offer(0, 400);
        assertTrue(found(380, 400) == 20, "the newest are here");
        assertTrue(found(0, 380) < 180, "no more than the disk holds");
        assertEquals(0, cache.statistics().failures());
    }

    @Test
    void aDiskThatOthersFillCostsBlocksAndIsUsedAgainWhenThereIsRoom() throws Exception {
        offer(0, 60);
        Path others = disk.resolve("others");
        assertTrue(run("dd", "if=/dev/zero", "of=" + others, "bs=1M") != 0, "the disk is full");
        offer(60, 120);
        found(0, 120);
        Files.delete(others);
        clock.advance(Duration.ofMinutes(1));
        offer(200, 210);
        assertEquals(10, found(200, 210));
    }

    @Test
    void aReadOnlyDiskIsReadAndNeverWritten() throws Exception {
        offer(0, 40);
        cache.close();
        assertEquals(0, run("mount", "-o", "remount,ro", disk.toString()));
        open();
        assertEquals(40, found(0, 40));
        offer(40, 50);
        assertEquals(0, found(40, 50));
        assertTrue(cache.statistics().failures() > 0);
        assertEquals(40, found(0, 40));
        assertEquals(0, run("mount", "-o", "remount,rw", disk.toString()));
        clock.advance(Duration.ofMinutes(1));
        offer(40, 50);
        assertEquals(50, found(0, 50));
    }
}
