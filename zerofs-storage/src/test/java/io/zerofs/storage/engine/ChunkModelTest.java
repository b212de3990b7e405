// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.ObjectKeys;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Compares random changes of a few chunks with arrays. There are cuts in between, and the store answers late and out of
 * order. So bytes come from open and frozen slots, the cache and the store, before and after compaction.
 */
final class ChunkModelTest {
    private static final int CHUNK = Volume.CHUNK_BYTES;
    private static final int CHUNKS = 4;
    private static final EngineSettings SETTINGS = EngineSettings.DEFAULT
            .with(EngineFixture.memory(32 << 20, 300_000))
            .with(EngineSettings.DEFAULT
                    .commits()
                    .withCut(200_000, 600_000)
                    .withFlushInterval(Duration.ofMillis(20))
                    .withUploads(4, 1 << 20)
                    .withBarrierDeadline(Duration.ofSeconds(60))
                    .withRetryDelayMax(Duration.ofMillis(20)))
            .with(EngineFixture.compaction(3, 8));

    @Test
    void everyByteAgreesWithTheModel() throws Exception {
        Seeds.run(3, seed -> new Run(seed).run(150));
    }

    @Test
    @Tag("slow")
    void everyByteAgreesWithTheModelInManyRuns() throws Exception {
        Seeds.run(300, seed -> new Run(seed).run(400));
    }

    private static final class Run {
        private final SplittableRandom random;
        private final FaultyObjectStore store;
        private final EngineFixture fixture = new EngineFixture();
        private final byte[][] model = new byte[CHUNKS][CHUNK];
        private final int style;
        private Volume volume;
        private CompletableFuture<Void> barrier = CompletableFuture.completedFuture(null);

        Run(long seed) {
            random = new SplittableRandom(seed);
            style = random.nextInt(3);
            store = new FaultyObjectStore(new MemoryObjectStore(), seed);
            store.setFaults(
                    Fault.on(
                            StoreOperation.PUT,
                            "",
                            1,
                            new Fault.Latency(Duration.ZERO, Duration.ofMillis(random.nextInt(1, 20)))),
                    Fault.on(StoreOperation.PUT, "", 0.1, new Fault.Unavailable()),
                    Fault.on(StoreOperation.PUT, "", 0.1, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
                    Fault.on(StoreOperation.PUT, "", 0.05, new Fault.WrongRefusal()));
        }

        void run(int steps) throws Exception {
            volume = fixture.open(store, SETTINGS);
            for (int step = 0; step < steps; step++) {
                change();
                if (random.nextInt(3) == 0) {
                    barrier = volume.barrier();
                }
                if (random.nextInt(8) == 0) {
                    barrier.get(1, TimeUnit.MINUTES);
                }
                if (random.nextInt(4) == 0) {
                    readSomething();
                }
                if (random.nextInt(60) == 0) {
                    volume.close();
                    volume = fixture.open(store, SETTINGS);
                }
            }
            readAll();
            volume.close();
            auditAndReadAgain();
        }

        private void auditAndReadAgain() throws Exception {
            Path directory = EngineFixture.temporary();
            try (ObjectKeys keys = fixture.keys();
                    RocksIndex index = RocksIndex.open(directory, EngineFixture.NATIVE, EngineFixture.TUNING)) {
                fixture.replay(store, keys, index);
                CollectedFindings.requireConsistent(index);
            } finally {
                EngineFixture.delete(directory);
            }
            volume = fixture.open(store, SETTINGS);
            readAll();
            volume.close();
        }

        private void change() throws Exception {
            Batch batch = volume.newBatch();
            int changes = random.nextInt(5) == 0 ? 3 : 1;
            for (int i = 0; i < changes; i++) {
                changeOne(batch);
            }
            try (Reservation room = volume.reserve(new ChunkRange(7, 0, CHUNKS), changes * CHUNK)) {
                volume.apply(batch);
            }
        }

        private void changeOne(Batch batch) {
            int chunk = random.nextInt(CHUNKS);
            ChunkId id = new ChunkId(7, chunk);
            int block = random.nextInt(64) * 4096;
            int offset = style == 0 ? block : random.nextInt(CHUNK);
            int length = style == 0 ? 4096 : 1 + random.nextInt(Math.min(CHUNK - offset, 20_000));
            switch (random.nextInt(14)) {
                case 0 -> {
                    batch.zeroChunk(id, offset, length);
                    Arrays.fill(model[chunk], offset, offset + length, (byte) 0);
                }
                case 1 -> {
                    if (random.nextInt(3) == 0) {
                        batch.deleteChunk(id);
                    } else {
                        batch.zeroChunk(id, 0, CHUNK);
                    }
                    Arrays.fill(model[chunk], (byte) 0);
                }
                case 2 -> write(batch, id, 0, CHUNK);
                case 3 -> write(batch, id, 0, CHUNK / 2);
                default -> write(batch, id, offset, length);
            }
        }

        private void write(Batch batch, ChunkId id, int offset, int length) {
            byte[] data = new byte[length];
            random.nextBytes(data);
            batch.writeChunk(id, offset, ByteBuffer.wrap(data));
            System.arraycopy(data, 0, model[(int) id.index()], offset, length);
        }

        private void readSomething() throws Exception {
            int from = random.nextInt(CHUNKS * CHUNK);
            int length = 1 + random.nextInt(Math.min(CHUNKS * CHUNK - from, random.nextBoolean() ? 5000 : 400_000));
            byte[] expected = expected(from, length);
            List<RangeRead> reads = new ArrayList<>();
            reads.add(volume.prepareRead(7, from, length));
            reads.add(volume.prepareRead(7, from, length));
            change();
            for (RangeRead read : reads) {
                ByteBuffer seen =
                        random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
                read.into(seen);
                byte[] bytes = new byte[length];
                seen.flip().get(bytes);
                assertArrayEquals(expected, bytes);
            }
        }

        private byte[] expected(int from, int length) {
            byte[] expected = new byte[length];
            for (int i = 0; i < length; i++) {
                expected[i] = model[(from + i) / CHUNK][(from + i) % CHUNK];
            }
            return expected;
        }

        private void readAll() throws Exception {
            ByteBuffer seen = ByteBuffer.allocate(CHUNKS * CHUNK);
            volume.read(7, 0, seen);
            assertArrayEquals(expected(0, CHUNKS * CHUNK), seen.array());
        }
    }
}
