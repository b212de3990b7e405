// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sequential and random readers run beside a writer that overwrites pages on their way, with so little memory that most
 * reads need the store. Each block of 4 KiB has its number and the count of its writes. A reader must see each write
 * that ended before its request, and none that began after its answer.
 */
final class ReadAheadModelTest {
    private static final int BLOCK = 4096;
    private static final int FILE_BYTES = 12 << 20;
    private static final int BLOCKS_PER_CHUNK = Volume.CHUNK_BYTES / BLOCK;
    private static final EngineSettings SETTINGS = EngineSettings.DEFAULT
            .with(EngineFixture.memory(16 << 20, 4 << 20))
            .with(EngineSettings.DEFAULT
                    .commits()
                    .withCut(1 << 20, 2 << 20)
                    .withFlushInterval(Duration.ofMillis(5))
                    .withUploads(4, 4 << 20)
                    .withBarrierDeadline(Duration.ofSeconds(60))
                    .withRetryDelayMax(Duration.ofMillis(20)))
            .with(EngineFixture.compaction(3, 8));

    @Test
    void noReaderSeesAnOldByte() throws Exception {
        Seeds.run(2, seed -> new Run(seed).run(20));
    }

    @Test
    @Tag("slow")
    void noReaderSeesAnOldByteInManyRuns() throws Exception {
        Seeds.run(40, seed -> new Run(seed).run(200));
    }

    private static final class Run {
        private final SplittableRandom random;
        private final AtomicLongArray begun = new AtomicLongArray(FILE_BYTES / BLOCK);
        private final AtomicLongArray ended = new AtomicLongArray(FILE_BYTES / BLOCK);
        private StorageVolume volume;

        Run(long seed) {
            random = new SplittableRandom(seed);
        }

        void run(int passes) throws Exception {
            volume = new EngineFixture(random.split()).open(new MemoryObjectStore(), SETTINGS);
            try {
                for (int chunk = 0; chunk < FILE_BYTES / Volume.CHUNK_BYTES; chunk++) {
                    write(chunk * BLOCKS_PER_CHUNK, BLOCKS_PER_CHUNK);
                }
                List<CompletableFuture<Void>> readers = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    SplittableRandom own = random.split();
                    readers.add(CompletableFuture.runAsync(() -> read(own, passes), task -> new Thread(task).start()));
                }
                CompletableFuture<Void> done = CompletableFuture.allOf(readers.toArray(CompletableFuture[]::new));
                while (!done.isDone()) {
                    int block = random.nextInt(FILE_BYTES / BLOCK);
                    int untilChunkEnds = BLOCKS_PER_CHUNK - block % BLOCKS_PER_CHUNK;
                    write(block, 1 + random.nextInt(random.nextInt(4) == 0 ? untilChunkEnds : 1));
                    if (random.nextInt(20) == 0) {
                        VolumeWords.await(volume.barrier());
                    }
                }
                VolumeWords.await(done);
                assertTrue(volume.statistics().aheadPages() > 0, "something was fetched ahead");
            } finally {
                volume.close();
            }
        }

        private void write(int first, int count) throws Exception {
            ByteBuffer data = ByteBuffer.allocate(count * BLOCK);
            for (int block = first; block < first + count; block++) {
                long version = begun.incrementAndGet(block);
                SplittableRandom noise = new SplittableRandom(block * 31L + version);
                for (int i = 0; i < BLOCK / 16; i++) {
                    data.putLong((long) block << 20 | version).putLong(noise.nextLong());
                }
            }
            int chunk = first / BLOCKS_PER_CHUNK;
            Batch batch = volume.newBatch();
            batch.writeChunk(new ChunkId(1, chunk), first % BLOCKS_PER_CHUNK * BLOCK, data.flip());
            try (Reservation room = volume.reserve(new ChunkRange(1, chunk, chunk + 1), count * BLOCK)) {
                volume.apply(batch);
            }
            for (int block = first; block < first + count; block++) {
                ended.set(block, begun.get(block));
            }
        }

        private void read(SplittableRandom chance, int passes) {
            try {
                for (int pass = 0; pass < passes; pass++) {
                    int length = BLOCK << chance.nextInt(8);
                    int from = chance.nextInt(FILE_BYTES / length) * length;
                    int reads = chance.nextBoolean() ? 1 : FILE_BYTES / length;
                    for (int i = 0; i < reads && from < FILE_BYTES; i++, from += length) {
                        read(from, length);
                    }
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        private void read(int from, int length) throws Exception {
            int first = from / BLOCK;
            long[] least = new long[length / BLOCK];
            for (int i = 0; i < least.length; i++) {
                least[i] = ended.get(first + i);
            }
            ByteBuffer seen = ByteBuffer.allocate(length);
            volume.read(1, from, seen);
            seen.flip();
            for (int i = 0; i < least.length; i++) {
                long stamp = seen.getLong(i * BLOCK);
                assertEquals(first + i, stamp >> 20);
                long version = stamp & (1 << 20) - 1;
                assertTrue(version >= least[i], () -> "an old block " + stamp);
                assertTrue(version <= begun.get(first + i), () -> "a block from the future " + stamp);
                for (int at = 0; at < BLOCK; at += 16) {
                    assertEquals(stamp, seen.getLong(i * BLOCK + at));
                }
            }
        }
    }
}
