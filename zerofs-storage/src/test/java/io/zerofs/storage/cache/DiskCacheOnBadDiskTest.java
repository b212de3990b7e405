// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zerofs.storage.object.ManualMonotonicClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache on real file systems that are full or can no longer be written: it helps less, and nothing fails. */
final class DiskCacheOnBadDiskTest {
    private static final long BYTES_MAX = 64 << 20;

    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final OfferedBlocks blocks = new OfferedBlocks();

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

    @Test
    void aDiskSmallerThanTheCacheKeepsTheNewest() throws Exception {
        blocks.offer(cache, 0, 400);
        assertTrue(blocks.found(cache, 380, 400) == 20, "the newest are here");
        assertTrue(blocks.found(cache, 0, 380) < 180, "no more than the disk holds");
        assertEquals(0, cache.statistics().failures());
    }

    @Test
    void aDiskThatOthersFillCostsBlocksAndIsUsedAgainWhenThereIsRoom() throws Exception {
        blocks.offer(cache, 0, 60);
        Path others = disk.resolve("others");
        assertTrue(run("dd", "if=/dev/zero", "of=" + others, "bs=1M") != 0, "the disk is full");
        blocks.offer(cache, 60, 120);
        blocks.found(cache, 0, 120);
        Files.delete(others);
        clock.advance(Duration.ofMinutes(1));
        blocks.offer(cache, 200, 210);
        assertEquals(10, blocks.found(cache, 200, 210));
    }

    @Test
    void aReadOnlyDiskIsReadAndNeverWritten() throws Exception {
        blocks.offer(cache, 0, 40);
        cache.close();
        assertEquals(0, run("mount", "-o", "remount,ro", disk.toString()));
        open();
        assertEquals(40, blocks.found(cache, 0, 40));
        blocks.offer(cache, 40, 50);
        assertEquals(0, blocks.found(cache, 40, 50));
        assertTrue(cache.statistics().failures() > 0);
        assertEquals(40, blocks.found(cache, 0, 40));
        assertEquals(0, run("mount", "-o", "remount,rw", disk.toString()));
        clock.advance(Duration.ofMinutes(1));
        blocks.offer(cache, 40, 50);
        assertEquals(50, blocks.found(cache, 0, 50));
    }
}
