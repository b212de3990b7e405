// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCacheTest {
    private static final long BYTES_MAX = 24 << 20;
    private static final int BLOCKS_PER_SEGMENT = (int)
            (DiskCacheSettings.SEGMENT_BYTES_MIN / (DiskCache.CACHE_BLOCK_BYTES + CacheSegment.ENTRY_HEADER_BYTES));

    @TempDir
    Path directory;

    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final Random random = new Random(3);
    private final Salt object = Salt.random(random);
    private DiskCache cache;

    @BeforeEach
    void open() throws Exception {
        open(BYTES_MAX, 0);
    }

    private void open(long bytesMax, long freeBytesMin) throws InterruptedException {
        if (cache != null) {
            cache.close();
        }
        cache = DiskCache.open(new DiskCacheSettings(directory.resolve("blocks"), bytesMax, freeBytesMin), clock);
        cache.drain();
    }

    @AfterEach
    void close() {
        cache.close();
    }

    @Test
    void aBlockIsFoundAsItWasOffered() throws Exception {
        offer(object, 0, DiskCache.CACHE_BLOCK_BYTES);
        offer(object, 7, 10);
        assertEquals(content(object, 0, DiskCache.CACHE_BLOCK_BYTES), cache.get(object, 0));
        assertEquals(content(object, 7, 10), cache.get(object, 7));
        assertNull(cache.get(object, 1));
        assertNull(cache.get(Salt.random(random), 0));
        DiskCache.Statistics statistics = cache.statistics();
        assertEquals(2, statistics.hits());
        assertEquals(2, statistics.misses());
        assertEquals(2, statistics.blocks());
    }

    @Test
    void blockOfAnotherObjectWithTheSameHashIsAMiss() throws Exception {
        offer(object, 7, 10);
        ByteBuffer bytes = ByteBuffer.allocate(Salt.BYTES);
        object.write(bytes);
        bytes.put(Salt.BYTES - 1, (byte) (bytes.get(Salt.BYTES - 1) ^ 1));
        Salt other = Salt.read(bytes.flip());
        assertEquals(BlockIndex.hashOf(object, 7), BlockIndex.hashOf(other, 7));
        assertNull(cache.get(other, 7));
    }

    /** A lack of memory is an example: only a restart of the daemon would bring the cache back. */
    @Test
    void anUnexpectedErrorCostsABlockAndIsCounted() throws Exception {
        cache.close();
        AtomicBoolean failing = new AtomicBoolean();
        MonotonicClock time = new MonotonicClock() {
            @Override
            public long nanoTime() {
                if (failing.getAndSet(false)) {
                    throw new InternalError("of this test");
                }
                return clock.nanoTime();
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                clock.sleep(duration);
            }
        };
        cache = DiskCache.open(new DiskCacheSettings(directory.resolve("blocks"), BYTES_MAX, 0), time);
        cache.drain();
        failing.set(true);
        offer(object, 0, 10);
        clock.advance(Duration.ofMinutes(1));
        offer(object, 1, 10);
        assertNull(cache.get(object, 0));
        assertEquals(content(object, 1, 10), cache.get(object, 1));
        assertEquals(1, cache.statistics().failures());
    }

    @Test
    void blocksOfAnObjectComeInPiecesOfAnyLength() throws Exception {
        byte[] bytes = new byte[3 * DiskCache.CACHE_BLOCK_BYTES + 77];
        random.nextBytes(bytes);
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int at = 0, length; at < bytes.length; at += length) {
            length = Math.min(bytes.length - at, random.nextInt(2 * DiskCache.CACHE_BLOCK_BYTES));
            pieces.add(ByteBuffer.wrap(bytes, at, length));
        }
        cache.offer(object, 5, pieces);
        cache.drain();
        for (int i = 0; i < 4; i++) {
            int from = i * DiskCache.CACHE_BLOCK_BYTES;
            int length = Math.min(DiskCache.CACHE_BLOCK_BYTES, bytes.length - from);
            assertEquals(ByteBuffer.wrap(bytes, from, length), cache.get(object, 5 + i));
        }
        assertTrue(pieces.get(0).hasRemaining(), "the caller's buffers stay as they are");
    }

    @Test
    void blocksSurviveARestart() throws Exception {
        for (int block = 0; block < 3 * BLOCKS_PER_SEGMENT; block++) {
            offer(object, block, DiskCache.CACHE_BLOCK_BYTES);
        }
        open(BYTES_MAX, 0);
        for (int block = 0; block < 3 * BLOCKS_PER_SEGMENT; block++) {
            assertEquals(content(object, block, DiskCache.CACHE_BLOCK_BYTES), cache.get(object, block));
        }
    }

    @Test
    void theFilesStayWithinTheirBoundAndTheOldestGo() throws Exception {
        int blocks = (int) (3 * BYTES_MAX / DiskCache.CACHE_BLOCK_BYTES);
        for (int block = 0; block < blocks; block++) {
            offer(object, block, DiskCache.CACHE_BLOCK_BYTES);
            assertTrue(filesBytes() <= BYTES_MAX);
        }
        assertNull(cache.get(object, 0));
        assertNotNull(cache.get(object, blocks - 1));
        long here = 0;
        for (int block = 0; block < blocks; block++) {
            here += cache.get(object, block) == null ? 0 : 1;
        }
        assertEquals(here, cache.statistics().blocks());
        assertTrue(here * DiskCache.CACHE_BLOCK_BYTES > BYTES_MAX / 2, "only " + here);
    }

    @Test
    void usedPartsStay() throws Exception {
        int blocks = (int) (5 * BYTES_MAX / DiskCache.CACHE_BLOCK_BYTES);
        for (int block = 0; block < blocks; block++) {
            offer(object, block, DiskCache.CACHE_BLOCK_BYTES);
            assertEquals(content(object, block % 3, DiskCache.CACHE_BLOCK_BYTES), cache.get(object, block % 3));
        }
    }

    @Test
    void aSmallerCacheKeepsTheNewest() throws Exception {
        int blocks = 5 * BLOCKS_PER_SEGMENT;
        for (int block = 0; block < blocks; block++) {
            offer(object, block, DiskCache.CACHE_BLOCK_BYTES);
        }
        open(16 << 20, 0);
        assertTrue(filesBytes() <= 16 << 20);
        assertNotNull(cache.get(object, blocks - 1));
        assertNull(cache.get(object, 0));
    }

    @Test
    void aDamagedBlockIsAMiss() throws Exception {
        offer(object, 0, 1000);
        offer(object, 1, 1000);
        overwrite(onlyFile(), CacheSegment.ENTRY_HEADER_BYTES + 500, 1);
        assertNull(cache.get(object, 0));
        assertEquals(content(object, 1, 1000), cache.get(object, 1));
        assertEquals(1, cache.statistics().damaged());
        offer(object, 0, 1000);
        assertEquals(content(object, 0, 1000), cache.get(object, 0));
    }

    @Test
    void aRangeIsReadFromTheBlocksThatHoldIt() throws Exception {
        offer(object, 0, DiskCache.CACHE_BLOCK_BYTES);
        offer(object, 3, 10);
        offer(object, 1, 1000);
        ByteBuffer both = ByteBuffer.allocate(1500)
                .put(content(object, 0, DiskCache.CACHE_BLOCK_BYTES).position(DiskCache.CACHE_BLOCK_BYTES - 500))
                .put(content(object, 1, 1000));
        assertEquals(both.flip(), cache.range(object, DiskCache.CACHE_BLOCK_BYTES - 500, 1500));
        assertEquals(content(object, 0, 7), cache.range(object, 0, 7));
        assertNull(cache.range(object, 2 * DiskCache.CACHE_BLOCK_BYTES - 1, 2), "block 2 is missing");
        assertNull(cache.range(object, DiskCache.CACHE_BLOCK_BYTES + 990, 20), "the file ends before");
        assertNull(cache.range(Salt.random(random), 0, 7));
    }

    @Test
    void aFileThatIsCutOrFullOfRubbishCostsBlocksAndNothingElse() throws Exception {
        for (int block = 0; block < 2 * BLOCKS_PER_SEGMENT; block++) {
            offer(object, block, DiskCache.CACHE_BLOCK_BYTES);
        }
        cache.close();
        List<Path> files = files();
        overwrite(files.get(0), 1_000_000, 100_000);
        try (FileChannel channel = FileChannel.open(files.get(1), StandardOpenOption.WRITE)) {
            channel.truncate(1_500_000);
        }
        byte[] rubbish = new byte[50_000];
        random.nextBytes(rubbish);
        Files.write(directory.resolve("blocks/000000000099.blocks"), rubbish);
        Files.write(directory.resolve("blocks/something else"), rubbish);
        open(BYTES_MAX, 0);
        int found = 0;
        for (int block = 0; block < 2 * BLOCKS_PER_SEGMENT; block++) {
            ByteBuffer bytes = cache.get(object, block);
            if (bytes != null) {
                assertEquals(content(object, block, DiskCache.CACHE_BLOCK_BYTES), bytes);
                found++;
            }
        }
        assertTrue(found > 10 && found < 2 * BLOCKS_PER_SEGMENT, "found " + found);
        offer(object, 1000, 10);
        assertEquals(content(object, 1000, 10), cache.get(object, 1000));
    }

    @Test
    void aDiskThatCannotBeWrittenIsTriedAgainLater() throws Exception {
        cache.close();
        Path blocks = directory.resolve("blocks");
        Files.delete(blocks);
        Files.writeString(blocks, "in the way");
        open(BYTES_MAX, 0);
        offer(object, 0, 10);
        assertNull(cache.get(object, 0));
        assertTrue(cache.statistics().failures() > 0);
        assertTrue(cache.statistics().dropped() > 0);
        Files.delete(blocks);
        Files.createDirectory(blocks);
        offer(object, 0, 10);
        assertNull(cache.get(object, 0));
        clock.advance(Duration.ofMinutes(1));
        offer(object, 0, 10);
        assertEquals(content(object, 0, 10), cache.get(object, 0));
    }

    @Test
    void aFullDiskIsGivenBackToOthers() throws Exception {
        for (int block = 0; block < 2 * BLOCKS_PER_SEGMENT; block++) {
            offer(object, block, DiskCache.CACHE_BLOCK_BYTES);
        }
        open(BYTES_MAX, Long.MAX_VALUE / 2);
        assertEquals(List.of(), files());
        offer(object, 0, 10);
        assertNull(cache.get(object, 0));
        assertEquals(List.of(), files());
    }

    @Test
    void aForgottenBlockIsWrittenAgain() throws Exception {
        offer(object, 0, 10);
        cache.forget(object, 0);
        assertNull(cache.get(object, 0));
        cache.offer(object, 0, List.of(ByteBuffer.wrap(new byte[] {1, 2, 3})));
        cache.drain();
        assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), cache.get(object, 0));
    }

    @Test
    void anInterruptedReaderDisturbsNoOther() throws Exception {
        offer(object, 0, 1000);
        Thread.currentThread().interrupt();
        cache.get(object, 0);
        assertTrue(Thread.interrupted());
        assertEquals(content(object, 0, 1000), cache.get(object, 0));
        offer(object, 1, 1000);
        assertEquals(content(object, 1, 1000), cache.get(object, 1));
    }

    @Test
    void aCacheOfNoSizeKeepsNothing() throws Exception {
        open(0, 0);
        offer(object, 0, 10);
        assertNull(cache.get(object, 0));
    }

    private void offer(Salt salt, int block, int length) throws InterruptedException {
        cache.offer(salt, block, List.of(content(salt, block, length)));
        cache.drain();
    }

    private static ByteBuffer content(Salt salt, int block, int length) {
        byte[] bytes = new byte[length];
        new Random(salt.hashCode() * 31L + block).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("blocks"))) {
            return files.sorted().toList();
        }
    }

    private Path onlyFile() throws IOException {
        assertEquals(1, files().size());
        return files().get(0);
    }

    private long filesBytes() throws IOException {
        long bytes = 0;
        for (Path file : files()) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private void overwrite(Path file, long offset, int length) throws IOException {
        byte[] rubbish = new byte[length];
        random.nextBytes(rubbish);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(rubbish), offset);
        }
    }
}
