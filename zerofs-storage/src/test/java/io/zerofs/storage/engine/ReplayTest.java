// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Invariant 6: replaying any suffix of the log, on top of a database that holds it already, changes nothing. */
final class ReplayTest {
    private static final int CHUNKS = 6;

    @Test
    void replayingAnySuffixMakesTheDatabaseOfTheRunningWriter() throws Exception {
        Seeds.run(3, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            MemoryObjectStore store = new MemoryObjectStore();
            EngineFixture fixture = new EngineFixture();
            StorageVolume volume = fixture.open(store, EngineSettings.DEFAULT);
            volume.onCommitCut(batch -> batch.put(new byte[] {2}, new byte[] {(byte) random.nextInt()}));
            Path copy = EngineFixture.temporary();
            Path live = copy.resolve("live");
            int atCopy = 20 + random.nextInt(20);
            long copiedThrough = 0;
            for (int step = 0; step < 60; step++) {
                change(volume, random);
                if (random.nextInt(3) == 0) {
                    await(volume.barrier());
                }
                if (step == atCopy) {
                    copiedThrough = volume.lastApplied().seq();
                    volume.checkpoint(copy.resolve("early"));
                }
            }
            await(volume.barrier());
            long liveThrough = volume.lastApplied().seq();
            volume.checkpoint(live);
            volume.close();
            // Compaction may have changed the index after the copy: a copy is whole only with the log after it.
            long last = volume.lastApplied().seq();
            String expected = dump(copy.resolve("fresh"), index -> replay(store, fixture, index, 1, last));
            assertEquals(expected, dump(live, index -> replay(store, fixture, index, liveThrough + 1, last)));
            long from = copiedThrough + 1;
            assertEquals(expected, dump(copy.resolve("early"), index -> replay(store, fixture, index, from, last)));
            long again = 1 + random.nextLong(last);
            assertEquals(expected, dump(live, index -> replay(store, fixture, index, again, last)));
            EngineFixture.delete(copy);
        });
    }

    private static void change(StorageVolume volume, SplittableRandom random) throws Exception {
        Batch batch = volume.newBatch();
        ChunkId chunk = new ChunkId(1, random.nextInt(CHUNKS));
        switch (random.nextInt(6)) {
            case 0 -> batch.deleteChunk(chunk);
            case 1 -> batch.zeroChunk(chunk, 5000, 100_000);
            default ->
                batch.writeChunk(chunk, random.nextInt(60) * 4096, ByteBuffer.allocate(1 + random.nextInt(8000)));
        }
        byte[] key = {1, (byte) random.nextInt(10)};
        if (random.nextInt(4) == 0) {
            batch.delete(key);
        } else {
            batch.put(key, new byte[random.nextInt(300)]);
        }
        try (Reservation room = volume.reserve(new ChunkRange(1, 0, CHUNKS), 10_000)) {
            volume.apply(batch);
        }
    }

    private static void replay(MemoryObjectStore store, EngineFixture fixture, RocksIndex index, long from, long last)
            throws Exception {
        CommitReader reader = new CommitReader(store, fixture.keys());
        CommitApplier applier = new CommitApplier(index);
        for (long seq = from; seq <= last; seq++) {
            CommitId id = new CommitId(1, seq);
            long length = store.get(id.objectName(), 1 << 30).bytes().remaining();
            applier.replay((CommitLog) reader.read(id, length));
        }
    }

    private interface Step {
        void on(RocksIndex index) throws Exception;
    }

    private static String dump(Path directory, Step step) throws Exception {
        try (RocksIndex index = RocksIndex.open(directory, EngineFixture.NATIVE, EngineFixture.TUNING)) {
            step.on(index);
            List<String> records = new ArrayList<>();
            try (Cursor cursor = index.scan(new KeyRange(new byte[] {0}, new byte[] {(byte) 0xff}), false)) {
                while (cursor.next()) {
                    records.add(HexFormat.of().formatHex(cursor.key()) + "="
                            + HexFormat.of().formatHex(cursor.value()));
                }
            }
            return String.join("\n", records);
        }
    }
}
