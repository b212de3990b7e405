// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Short words for the actions of tests on a volume. */
final class VolumeWords {
    static final int CHUNK = Volume.CHUNK_BYTES;

    private VolumeWords() {}

    static byte[] key(String text) {
        return ("k" + text).getBytes(UTF_8);
    }

    static void put(Volume volume, String key) throws VolumeException {
        put(volume, key, 10);
    }

    static void put(Volume volume, String key, int valueBytes) throws VolumeException {
        Batch batch = volume.newBatch();
        batch.put(key(key), new byte[valueBytes]);
        try (Reservation room = volume.reserve(null, valueBytes + key.length())) {
            volume.apply(batch);
        }
    }

    static void write(Volume volume, long chunk, int offset, byte[] data) throws VolumeException {
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(1, chunk), offset, ByteBuffer.wrap(data));
        try (Reservation room = volume.reserve(new ChunkRange(1, chunk, chunk + 1), data.length)) {
            volume.apply(batch);
        }
    }

    static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    static byte[] read(Volume volume, long chunk, int offset, int length) throws VolumeException {
        ByteBuffer seen = ByteBuffer.allocate(length);
        volume.read(1, chunk * CHUNK + offset, seen);
        return seen.array();
    }

    /** Returns the index's entry of a chunk. */
    static ChunkEntry entry(StorageVolume volume, long chunk) throws Exception {
        Path directory = EngineFixture.temporary();
        volume.checkpoint(directory.resolve("copy"));
        try (RocksIndex index =
                RocksIndex.open(directory.resolve("copy"), EngineFixture.NATIVE, EngineFixture.TUNING)) {
            return ChunkEntry.decode(index.get(IndexKeys.chunk(1, chunk)));
        } finally {
            EngineFixture.delete(directory);
        }
    }

    static void await(CompletableFuture<?> future) throws Exception {
        future.get(1, TimeUnit.MINUTES);
    }

    /** The kind of failure that a future ends with. */
    static VolumeException.Kind failureOf(CompletableFuture<?> future) throws InterruptedException, TimeoutException {
        try {
            future.get(1, TimeUnit.MINUTES);
            throw new AssertionError("it did not fail");
        } catch (ExecutionException e) {
            return ((VolumeException) e.getCause()).kind();
        }
    }
}
