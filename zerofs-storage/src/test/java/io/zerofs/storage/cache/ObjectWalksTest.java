// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readers that walk through objects of zeros, whose requests a test holds and counts. */
final class ObjectWalksTest {
    @TempDir
    Path directory;

    private final LongSupplier nanoTime = () -> 0;
    private DiskCache cache;

    @BeforeEach
    void openTheCache() {
        cache = DiskCache.open(new DiskCacheSettings(directory, 100 << 20, 0), new ManualMonotonicClock());
    }

    @AfterEach
    void close() {
        cache.close();
    }

    @Test
    void aWalkFetchesTheNextObjectBeforeItsFirstRead() throws Exception {
        List<ObjectHeader> walked = new ArrayList<>();
        for (int number = 1; number <= 6; number++) {
            // The commits between them have no data.
            walked.add(header(3 * number, 40));
        }
        AtomicInteger asked = new AtomicInteger();
        ObjectRanges walking = new ObjectRanges(
                new Zeros(length -> asked.incrementAndGet()),
                cache,
                number -> walked.stream()
                        .filter(each -> each.number() == number)
                        .findFirst()
                        .orElse(null),
                Runnable::run,
                nanoTime);
        for (ObjectHeader each : walked) {
            int before = asked.get();
            for (int block = 0; block < 40; block++) {
                walking.read(each, (long) block * DiskCache.CACHE_BLOCK_BYTES, 4_096, true);
                assertTrue(each.number() == 3 || block > 0 || asked.get() == before, "commit " + each.number());
            }
            // A slow disk drops blocks.
            cache.drain();
        }
        assertTrue(asked.get() <= 14, asked + " requests");
    }

    /** Each region has up to 4 MiB, and each of many readers could be at the beginning of another object. */
    @Test
    void readersOfManyObjectsDoNotFetchRegionsWithoutLimit() throws Exception {
        int readerCount = 24;
        CountDownLatch begun = new CountDownLatch(readerCount);
        CountDownLatch released = new CountDownLatch(1);
        AtomicLong bytes = new AtomicLong();
        AtomicBoolean isHeld = new AtomicBoolean();
        ObjectRanges many = new ObjectRanges(
                new Zeros(length -> {
                    bytes.addAndGet(length);
                    if (isHeld.get()) {
                        begun.countDown();
                        awaitOrFail(released);
                    }
                }),
                cache,
                number -> null,
                Runnable::run,
                nanoTime);
        for (int number = 1; number <= 4; number++) {
            ObjectHeader each = header(number, 64);
            for (int block = 0; block < 64; block++) {
                many.read(each, (long) block * DiskCache.CACHE_BLOCK_BYTES, 4_096, true);
            }
            cache.drain();
        }
        bytes.set(0);
        isHeld.set(true);
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < readerCount; i++) {
            ObjectHeader each = header(5 + i, 64);
            readers.add(new Thread(() -> {
                try {
                    many.read(each, 0, 4_096, true);
                } catch (ObjectStoreException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        readers.forEach(Thread::start);
        awaitOrFail(begun);
        long limit = readerCount * DiskCache.CACHE_BLOCK_BYTES + (12 << 20);
        assertTrue(bytes.get() <= limit, bytes + " bytes");
        released.countDown();
        for (Thread reader : readers) {
            reader.join();
        }
    }

    private static ObjectHeader header(long number, int blocks) {
        long length = (long) blocks * DiskCache.CACHE_BLOCK_BYTES - ObjectHeader.BYTES - 100;
        return new ObjectHeader(
                ObjectKind.COMMIT, 1, 1, number, Salt.random(new SplittableRandom(number)), 100, length);
    }

    @Test
    void aWalkFindsTheBlockOfItsLastReadsInMemory() throws Exception {
        ObjectRanges walking =
                new ObjectRanges(new Zeros(length -> {}), cache, number -> null, Runnable::run, nanoTime);
        ObjectHeader walked = header(1, 60);
        for (long block = 0; block < 60; block++) {
            walking.read(walked, block * DiskCache.CACHE_BLOCK_BYTES, 4_000, true);
            walking.read(walked, block * DiskCache.CACHE_BLOCK_BYTES + 4_000, 4_000, true);
            for (int file = 2; file < 32; file++) {
                long from = block * DiskCache.CACHE_BLOCK_BYTES + file * 4_000;
                assertNotNull(walking.inMemory(walked, from, 4_000), "file " + file + " of block " + block);
            }
        }
    }

    /** A store of zeros that runs an action before each read. */
    private static final class Zeros extends ForwardingObjectStore {
        private final IntConsumer before;

        Zeros(IntConsumer before) {
            super(new MemoryObjectStore());
            this.before = before;
        }

        @Override
        public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
            before.accept(length);
            return new StoredObject(ByteBuffer.allocate(length), "");
        }
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
