// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.waiting.WouldBlockException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The contract of every {@link Volume}. Each implementation has a subclass that opens it. */
public abstract class VolumeContract extends VolumeChunkContract {
    @Test
    void anAbsentKeyIsNull() throws Exception {
        assertNull(volume.get(key("a")));
    }

    @Test
    void aBatchIsVisibleWhenAppliedAndNotBefore() throws Exception {
        Batch batch = volume.newBatch();
        batch.put(key("a"), bytes("1"));
        batch.put(key("b"), bytes("2"));
        assertNull(volume.get(key("a")));
        apply(batch);
        assertArrayEquals(bytes("1"), volume.get(key("a")));
        assertArrayEquals(bytes("2"), volume.get(key("b")));
    }

    @Test
    void emptyValuesAreValues() throws Exception {
        put("a", "");
        assertArrayEquals(new byte[0], volume.get(key("a")));
    }

    @Test
    void laterCallsOfABatchWinOnTheSameKey() throws Exception {
        Batch batch = volume.newBatch();
        batch.put(key("a"), bytes("1"));
        batch.put(key("a"), bytes("2"));
        batch.put(key("b"), bytes("1"));
        batch.delete(key("b"));
        batch.delete(key("c"));
        batch.put(key("c"), bytes("3"));
        apply(batch);
        assertArrayEquals(bytes("2"), volume.get(key("a")));
        assertNull(volume.get(key("b")));
        assertArrayEquals(bytes("3"), volume.get(key("c")));
    }

    @Test
    void laterBatchesWin() throws Exception {
        put("a", "1");
        put("a", "2");
        assertArrayEquals(bytes("2"), volume.get(key("a")));
    }

    @Test
    void keysOfTheVolumeItselfAreRefused() {
        Batch batch = volume.newBatch();
        assertThrows(IllegalArgumentException.class, () -> batch.put(new byte[] {(byte) 0x80}, bytes("1")));
        assertThrows(IllegalArgumentException.class, () -> batch.delete(new byte[] {(byte) 0xff, 1}));
    }

    @Test
    void aScanIsInUnsignedByteOrderWithinItsRange() throws Exception {
        byte[][] keys = {{1}, {1, 0}, {1, 0x7f}, {1, (byte) 0x80}, {1, (byte) 0xff, 1}, {2}, {3}};
        Batch batch = volume.newBatch();
        for (int i = keys.length - 1; i >= 0; i--) {
            batch.put(keys[i], new byte[] {(byte) i});
        }
        apply(batch);
        try (Cursor cursor = volume.scan(new KeyRange(new byte[] {1, 0}, new byte[] {3}))) {
            for (int i = 1; i <= 5; i++) {
                assertTrue(cursor.next());
                assertArrayEquals(keys[i], cursor.key());
                assertArrayEquals(new byte[] {(byte) i}, cursor.value());
            }
            assertFalse(cursor.next());
        }
    }

    @Test
    void aScanOfAnEmptyRangeEndsAtOnce() throws Exception {
        put("a", "1");
        try (Cursor cursor = volume.scan(new KeyRange(key("b"), key("c")))) {
            assertFalse(cursor.next());
        }
    }

    @Test
    void aScanShowsTheStateAtItsOpening() throws Exception {
        put("a", "1");
        put("c", "3");
        try (Cursor cursor = volume.scan(new KeyRange(key(""), key("z")))) {
            Batch batch = volume.newBatch();
            batch.put(key("a"), bytes("changed"));
            batch.put(key("b"), bytes("new"));
            batch.delete(key("c"));
            apply(batch);
            assertTrue(cursor.next());
            assertArrayEquals(bytes("1"), cursor.value());
            assertTrue(cursor.next());
            assertArrayEquals(key("c"), cursor.key());
            assertFalse(cursor.next());
        }
    }

    @Test
    void batchesBeforeABarrierSurviveACrash() throws Exception {
        Batch batch = volume.newBatch();
        batch.put(key("a"), bytes("1"));
        batch.writeChunk(new ChunkId(1, 7), 100, ByteBuffer.wrap(bytes("data")));
        applyOn(batch, new ChunkRange(1, 7, 8), 100);
        volume.barrier().get(1, TimeUnit.MINUTES);
        long epoch = volume.epoch();
        volume = crashAndReopen(volume);
        assertTrue(volume.epoch() > epoch);
        assertArrayEquals(bytes("1"), volume.get(key("a")));
        assertArrayEquals(bytes("data"), read(7L * CHUNK + 100, 4));
    }

    @Test
    void aBatchThatNoBarrierCoveredIsThereAsAWholeOrNotAtAllAfterACrash() throws Exception {
        put("a", "1");
        volume.barrier().get(1, TimeUnit.MINUTES);
        Batch batch = volume.newBatch();
        batch.put(key("a"), bytes("2"));
        batch.put(key("b"), bytes("2"));
        batch.writeChunk(new ChunkId(1, 0), 0, ByteBuffer.wrap(bytes("2")));
        applyOn(batch, new ChunkRange(1, 0, 1), 100);
        volume = crashAndReopen(volume);
        boolean survived = volume.get(key("b")) != null;
        assertArrayEquals(bytes(survived ? "2" : "1"), volume.get(key("a")));
        assertArrayEquals(bytes(survived ? "2" : "\0"), read(0, 1));
    }

    @Test
    void closingMakesEverythingDurable() throws Exception {
        put("a", "1");
        volume.close();
        volume = reopen(volume);
        assertArrayEquals(bytes("1"), volume.get(key("a")));
    }

    @Test
    void theIdentityStaysAndTheEpochGrows() throws Exception {
        Volume first = volume;
        first.close();
        volume = reopen(first);
        assertEquals(first.id(), volume.id());
        assertTrue(volume.epoch() > first.epoch());
    }

    @Test
    void aClosedVolumeRefusesUseAndMayCloseAgain() throws Exception {
        Batch batch = volume.newBatch();
        batch.put(key("a"), bytes("1"));
        volume.close();
        volume.close();
        assertEquals(
                VolumeException.Kind.CLOSED,
                assertThrows(VolumeException.class, () -> volume.apply(batch)).kind());
        assertEquals(
                VolumeException.Kind.CLOSED,
                assertThrows(VolumeException.class, () -> volume.get(key("a"))).kind());
        assertEquals(
                VolumeException.Kind.CLOSED,
                assertThrows(VolumeException.class, () -> volume.reserve(null, 1))
                        .kind());
        ExecutionException failed =
                assertThrows(ExecutionException.class, () -> volume.barrier().get(1, TimeUnit.MINUTES));
        assertEquals(VolumeException.Kind.CLOSED, ((VolumeException) failed.getCause()).kind());
    }

    @Test
    void contributionsToACutAreAbsoluteAndCoverEachBatchInIt() throws Exception {
        AtomicInteger counter = new AtomicInteger();
        volume.onCommitCut(batch -> batch.put(key("counter"), new byte[] {counter.byteValue()}));
        for (int i = 1; i <= 3; i++) {
            Batch batch = volume.newBatch();
            batch.put(key("x" + i), bytes("x"));
            batch.onApply(counter::incrementAndGet);
            apply(batch);
        }
        volume.barrier().get(1, TimeUnit.MINUTES);
        volume = crashAndReopen(volume);
        int survived = 0;
        try (Cursor cursor = volume.scan(new KeyRange(key("x"), key("y")))) {
            while (cursor.next()) {
                survived++;
            }
        }
        assertEquals(3, survived);
        assertArrayEquals(new byte[] {(byte) survived}, volume.get(key("counter")));
    }

    @Test
    void actionsRunOnceAfterTheirBatchBecameVisible() throws Exception {
        List<byte[]> seen = new ArrayList<>();
        Batch batch = volume.newBatch();
        batch.put(key("a"), bytes("1"));
        AtomicInteger runs = new AtomicInteger();
        batch.onApply(runs::incrementAndGet);
        assertEquals(0, runs.get());
        batch.onApply(() -> seen.add(bytes("ran")));
        apply(batch);
        assertEquals(1, runs.get());
        assertEquals(1, seen.size());
    }

    @Test
    void concurrentBatchesOnDifferentKeysAllArrive() throws Exception {
        int threads = 4;
        int batches = 200;
        concurrently(threads, thread -> {
            for (int i = 0; i < batches; i++) {
                Batch batch = volume.newBatch();
                batch.put(key(thread + "/" + i), bytes("k"));
                batch.writeChunk(new ChunkId(10 + thread, i), thread, ByteBuffer.wrap(bytes("data" + i)));
                applyOn(batch, new ChunkRange(10 + thread, i, i + 1), 100);
                if (i % 50 == 0) {
                    volume.barrier().get(1, TimeUnit.MINUTES);
                }
            }
        });
        for (int thread = 0; thread < threads; thread++) {
            for (int i = 0; i < batches; i++) {
                assertArrayEquals(bytes("k"), volume.get(key(thread + "/" + i)));
                ByteBuffer data = ByteBuffer.allocate(("data" + i).length());
                volume.read(10 + thread, (long) i * CHUNK + thread, data);
                assertArrayEquals(bytes("data" + i), data.array());
            }
        }
    }

    @Test
    void manyBarriersAtOnceAllComplete() throws Exception {
        concurrently(8, thread -> {
            put("t" + thread, "1");
            volume.barrier().get(1, TimeUnit.MINUTES);
        });
        volume = crashAndReopen(volume);
        for (int thread = 0; thread < 8; thread++) {
            assertArrayEquals(bytes("1"), volume.get(key("t" + thread)));
        }
    }

    @Test
    void reservationsAreIdempotentToCloseAndNeverLost() throws Exception {
        for (int i = 0; i < 2000; i++) {
            Reservation reservation = volume.reserve(new ChunkRange(1, 0, 16), Volume.RESERVATION_BYTES_MAX);
            reservation.close();
            reservation.close();
        }
        assertThrows(IndexOutOfBoundsException.class, () -> volume.reserve(null, Volume.RESERVATION_BYTES_MAX + 1));
    }

    @Test
    void aThreadThatNeverWaitsGetsAnAnswerOrWouldBlockBeforeAnyChange() throws Exception {
        writeAt(0, 0, bytes("abc"));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread loop = new NeverWaitingThread(() -> {
            try {
                ByteBuffer destination = ByteBuffer.allocate(3);
                try {
                    volume.prepareRead(1, 0, 3).into(destination);
                    assertArrayEquals(bytes("abc"), destination.array());
                } catch (WouldBlockException e) {
                    assertEquals(0, destination.position());
                }
                try (Reservation reservation = volume.reserve(null, 100)) {
                    Batch batch = volume.newBatch();
                    batch.put(key("loop"), bytes("1"));
                    volume.apply(batch);
                } catch (WouldBlockException e) {
                    assertNull(volume.get(key("loop")));
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        loop.start();
        loop.join(TimeUnit.MINUTES.toMillis(1));
        assertFalse(loop.isAlive());
        assertNull(failure.get(), () -> "" + failure.get());
    }

    @Test
    void twoVolumesAreDifferent() throws Exception {
        try (Volume other = openEmpty()) {
            assertNotEquals(volume.id(), other.id());
        }
    }

    @Test
    void aLongScanMatchesASortedMap() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
            for (int round = 0; round < 50; round++) {
                Batch batch = volume.newBatch();
                for (int i = 0; i < 40; i++) {
                    byte[] key = {1, (byte) random.nextInt(256), (byte) random.nextInt(4)};
                    byte[] value = new byte[random.nextInt(20)];
                    random.nextBytes(value);
                    if (random.nextInt(3) == 0) {
                        batch.delete(key);
                        model.remove(key);
                    } else {
                        batch.put(key, value);
                        model.put(key, value);
                    }
                }
                apply(batch);
            }
            try (Cursor cursor = volume.scan(new KeyRange(new byte[] {1}, new byte[] {2}))) {
                for (var entry : model.entrySet()) {
                    assertTrue(cursor.next());
                    assertArrayEquals(entry.getKey(), cursor.key());
                    assertArrayEquals(entry.getValue(), cursor.value());
                }
                assertFalse(cursor.next());
            }
            Batch clear = volume.newBatch();
            model.keySet().forEach(clear::delete);
            apply(clear);
        });
    }
}
