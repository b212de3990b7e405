// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests of sequential and other readers. Unless a test says otherwise, pages of read-ahead arrive at once,
 * so that counts are exact.
 */
final class ReadAheadTest {
    private static final int MIB = 1 << 20;
    /** The page cache of the program's default of 250 MB in all. */
    private static final EngineSettings SETTINGS = EngineSettings.DEFAULT.with(
            EngineFixture.memory(32 * MIB, 78_125_000).withEntriesMax(4096));

    /** With windows and commits as long as they get. */
    private static final EngineSettings LARGE = EngineSettings.DEFAULT.with(
            EngineFixture.memory(64 * MIB, 128 * MIB).withEntriesMax(4096));

    private CountingStore store = new CountingStore();
    private final EngineFixture fixture = new EngineFixture();
    private final byte[] noise = new byte[CHUNK];
    private EngineSettings settings = SETTINGS;
    private long inode = 1;
    private StorageVolume volume;

    ReadAheadTest() {
        new SplittableRandom(1).nextBytes(noise);
    }

    /** Counts ranged gets, and how many are under way at a time. */
    private static final class CountingStore extends ForwardingObjectStore {
        private final AtomicInteger gets = new AtomicInteger();
        private final AtomicLong bytes = new AtomicLong();
        private volatile boolean down;
        private final AtomicReference<Runnable> duringTheNext = new AtomicReference<>();

        CountingStore() {
            super(new MemoryObjectStore());
        }

        @Override
        public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
            gets.incrementAndGet();
            bytes.addAndGet(length);
            Runnable meanwhile = duringTheNext.getAndSet(null);
            if (meanwhile != null) {
                meanwhile.run();
            }
            if (down) {
                throw new ObjectStoreException(ObjectStoreException.Kind.UNAVAILABLE, "the store is down", null);
            }
            return super.getRange(name, offset, length);
        }

        void reset() {
            gets.set(0);
            bytes.set(0);
        }
    }

    @AfterEach
    void close() throws Exception {
        if (volume != null) {
            volume.close();
        }
        // Instances stay until the class is done.
        volume = null;
        store = null;
    }

    /** Writes a file that does not compress and opens the volume again, with nothing in memory. */
    private void file(int bytes, int commitBytes) throws Exception {
        volume = fixture.open(store, SETTINGS);
        for (int at = 0; at < bytes; at += CHUNK) {
            write(at);
            if (commitBytes < SETTINGS.commits().cutBytes() && (at + CHUNK) % commitBytes == 0) {
                await(volume.barrier());
            }
        }
        reopen(Runnable::run);
    }

    private void write(long at) throws VolumeException {
        Batch batch = volume.newBatch();
        long chunk = at / CHUNK;
        batch.writeChunk(new ChunkId(inode, chunk), 0, content(chunk));
        try (Reservation room = volume.reserve(new ChunkRange(inode, chunk, chunk + 1), CHUNK)) {
            volume.apply(batch);
        }
    }

    private ByteBuffer content(long chunk) {
        return ByteBuffer.wrap(noise.clone()).putLong(0, chunk);
    }

    private void reopen(Executor requests) throws Exception {
        volume.close();
        EngineThreads threads = new EngineThreads(16);
        EngineRuntime own = threads.runtime();
        EngineRuntime runtime =
                new EngineRuntime(own.sealing(), requests, own.uploads(), own.timer(), own.nanoTime(), own.random());
        volume = fixture.open(store, settings, runtime, new EngineFixture.QuietKeeper(), threads);
        store.reset();
    }

    private void read(long offset, int length) throws VolumeException {
        ByteBuffer seen = ByteBuffer.allocate(length);
        volume.read(inode, offset, seen);
        for (long at = (offset + CHUNK - 1) / CHUNK * CHUNK; at + 8 <= offset + length; at += CHUNK) {
            assertEquals(at / CHUNK, seen.getLong((int) (at - offset)));
        }
        assertEquals(noise[(int) ((offset + length - 1) % CHUNK)], seen.get(length - 1));
    }

    private void readInOrder(long from, long to, int length) throws VolumeException {
        for (long at = from; at < to; at += length) {
            read(at, length);
        }
    }

    /** The second is what a daemon with the least memory cuts. */
    @ParameterizedTest
    @ValueSource(ints = {32, 22})
    void aLongFileIsReadByFewRequests(int chunksPerCommit) throws Exception {
        int bytes = 256 * MIB;
        file(bytes, chunksPerCommit * CHUNK);
        for (int length : new int[] {4 << 10, 128 << 10, MIB}) {
            reopen(Runnable::run);
            readInOrder(0, bytes, length);
            assertTrue(store.gets.get() <= 64, store.gets + " requests with reads of " + length);
            assertTrue(store.bytes.get() <= bytes * 1.01, "fetched " + store.bytes);
            assertEquals(0, volume.statistics().unreadPages());
        }
    }

    /** As it is written through a block device with many requests in flight, which overtake each other. */
    @ParameterizedTest
    @CsvSource({"4, false", "8, false", "16, true"})
    void aLongFileThatWasNotWrittenQuiteInOrderIsReadByFewRequests(int overtaking, boolean large) throws Exception {
        int chunks = 1024;
        SplittableRandom random = new SplittableRandom(1);
        TreeMap<Integer, Long> order = new TreeMap<>();
        for (long chunk = 0; chunk < chunks; chunk++) {
            order.put((int) (chunk + random.nextInt(overtaking)) * chunks + (int) chunk, chunk);
        }
        settings = large ? LARGE : SETTINGS;
        volume = fixture.open(store, settings);
        for (long chunk : order.values()) {
            write(chunk * CHUNK);
        }
        reopen(Runnable::run);
        readInOrder(0, (long) chunks * CHUNK, 128 << 10);
        assertTrue(store.gets.get() <= 64, store.gets + " requests");
        assertTrue(store.bytes.get() <= 1.1 * chunks * CHUNK, "fetched " + store.bytes);
    }

    @Test
    void smallCommitsCostARequestEachAndAreFetchedTogether() throws Exception {
        int bytes = 64 * MIB;
        file(bytes, CHUNK);
        readInOrder(0, bytes, 128 << 10);
        assertTrue(store.gets.get() <= bytes / CHUNK + 2, store.gets + " requests");
        assertTrue(store.bytes.get() <= bytes * 1.01);
    }

    @Test
    void requestsThatOvertakeEachOtherAreOneReader() throws Exception {
        int bytes = 128 * MIB;
        file(bytes, 8 * MIB);
        Random random = new Random(3);
        List<Long> offsets = new ArrayList<>();
        for (long at = 0; at < bytes; at += 256 << 10) {
            offsets.add(at);
        }
        for (int at = 0; at < offsets.size(); at += 12) {
            List<Long> sent = offsets.subList(at, Math.min(offsets.size(), at + 12));
            Collections.shuffle(sent, random);
            for (long offset : sent) {
                read(offset, 256 << 10);
            }
        }
        assertTrue(store.gets.get() <= 40, store.gets + " requests");
        assertTrue(store.bytes.get() <= bytes * 1.02);
    }

    @Test
    void someReadersOfOneFileDoNotDisturbEachOther() throws Exception {
        int bytes = 128 * MIB;
        file(bytes, 8 * MIB);
        SplittableRandom random = new SplittableRandom(4);
        long part = bytes / 4;
        for (long at = 0; at < part; at += 128 << 10) {
            for (int reader = 0; reader < 4; reader++) {
                read(reader * part + at, 128 << 10);
            }
            read(random.nextLong(bytes / 4096) * 4096, 4096);
        }
        assertTrue(store.gets.get() <= 140 + part / (128 << 10), store.gets + " requests");
        assertEquals(0, volume.statistics().unreadPages());
    }

    @Test
    void aReaderAtTheEndLeavesTheWholeWindowToTheNext() throws Exception {
        int bytes = 64 * MIB;
        file(bytes, bytes);
        long last = 4;
        for (inode = 2; inode <= last; inode++) {
            for (int at = 0; at < bytes; at += CHUNK) {
                write(at);
            }
        }
        reopen(Runnable::run);
        List<Integer> requests = new ArrayList<>();
        for (inode = 1; inode <= last; inode++) {
            store.reset();
            readInOrder(0, bytes, 128 << 10);
            requests.add(store.gets.get());
        }
        assertTrue(requests.get((int) last - 1) <= requests.get(0) + 1, "requests for each file: " + requests);
    }

    @Test
    void randomReadsFetchNothingAhead() throws Exception {
        int bytes = 64 * MIB;
        file(bytes, 8 * MIB);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 2000; i++) {
            int length = 4096 << random.nextInt(4);
            read(random.nextLong((bytes - length) / 4096) * 4096, length);
        }
        assertEquals(0, volume.statistics().aheadPages());
    }

    @Test
    void aWrongGuessCostsAtMostTwiceTheBytesRead() throws Exception {
        file(64 * MIB, 8 * MIB);
        for (int piece = 0; piece < 4; piece++) {
            long from = piece * 16L * MIB + MIB;
            readInOrder(from, from + MIB, 128 << 10);
        }
        assertTrue(store.bytes.get() <= 4 * (1 + 2) * MIB + 4 * 2 * CHUNK, "fetched " + store.bytes);
    }

    @Test
    void aStoreThatIsDownIsNotAskedAgainAndAgain() throws Exception {
        file(32 * MIB, 8 * MIB);
        readInOrder(0, MIB, 128 << 10);
        store.down = true;
        store.reset();
        int failures = 0;
        for (long at = MIB; at < 16 * MIB; at += 128 << 10) {
            try {
                read(at, 128 << 10);
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.UNAVAILABLE, e.kind());
                failures++;
            }
        }
        assertTrue(store.gets.get() <= failures * 2 + 20, store.gets + " requests for " + failures + " failures");
        store.down = false;
        readInOrder(16 * MIB, 32 * MIB, 128 << 10);
    }

    @Test
    void aStoppedEngineFetchesNothing() throws Exception {
        file(32 * MIB, 8 * MIB);
        List<Runnable> tasks = new ArrayList<>();
        reopen(tasks::add);
        read(0, 128 << 10);
        assertEquals(1, tasks.size());
        volume.close();
        store.reset();
        tasks.forEach(Runnable::run);
        assertEquals(0, store.gets.get());
        assertThrows(VolumeException.class, () -> read(0, 4096));
    }

    @Test
    void aRequestThatIsLateFindsItsPagesStillThere() throws Exception {
        file(64 * MIB, 8 * MIB);
        readInOrder(0, 14 * MIB, MIB);
        readInOrder(15 * MIB, 20 * MIB, MIB);
        store.reset();
        read(14 * MIB, MIB);
        assertEquals(0, store.gets.get());
    }

    @Test
    void pagesEvictedWhileAReadWaitsAreNotFetched() throws Exception {
        settings = SETTINGS.with(EngineFixture.memory(32 * MIB, 2 * MIB).withEntriesMax(4096));
        file(64 * MIB, 8 * MIB);
        long chunk = 101L * CHUNK;
        read(chunk + CHUNK - 4096, 4096);
        store.reset();
        store.duringTheNext.set(() -> {
            try {
                for (int i = 0; i < 400; i++) {
                    read((i % 60 * 31 + 7) % 60 * (long) MIB, 4096);
                }
                store.reset();
            } catch (VolumeException e) {
                throw new AssertionError(e);
            }
        });
        read(chunk, CHUNK);
        assertEquals(0, store.gets.get(), "requests after the first");
    }

    /** With no thread to plan on, and with none to fetch on. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLackOfThreadsCostsAReaderNothingButTime(boolean forPlans) throws Exception {
        int bytes = 64 * MIB;
        file(bytes, 8 * MIB);
        AtomicBoolean lacking = new AtomicBoolean(forPlans);
        reopen(task -> {
            if (lacking.get()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            lacking.set(!forPlans);
            task.run();
            lacking.set(false);
        });
        readInOrder(0, MIB, 128 << 10);
        lacking.set(false);
        store.reset();
        readInOrder(MIB, bytes, 128 << 10);
        assertTrue(store.gets.get() <= 20, store.gets + " requests");
        assertEquals(0, volume.statistics().unreadPages());
    }

    @Test
    void anEventLoopIsNotHeldUp() throws Exception {
        file(32 * MIB, 8 * MIB);
        List<Runnable> tasks = new ArrayList<>();
        reopen(tasks::add);
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Thread loop = new EventLoop(() -> {
            try {
                read(0, MIB);
                failure.complete(null);
            } catch (Throwable e) {
                failure.complete(e);
            }
        });
        loop.start();
        assertEquals(WouldBlockException.class, failure.get().getClass());
        assertEquals(0, store.gets.get());
        assertEquals(1, tasks.size());
    }

    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable task) {
            super(task);
        }
    }

    @Test
    void aSmallReadOfAChunkWithManyFramesFetchesOnlyItsPages() throws Exception {
        volume = fixture.open(
                store, SETTINGS.with(EngineFixture.compaction(30, 32).withTasksMax(1)));
        write(0);
        await(volume.barrier());
        for (int block = 0; block < 20; block++) {
            VolumeWords.write(volume, 0, block * 4096, filled(4096, block + 1));
            await(volume.barrier());
        }
        reopen(Runnable::run);
        assertArrayEquals(filled(4096, 6), VolumeWords.read(volume, 0, 5 * 4096, 4096));
        assertEquals(2, store.gets.get());
        assertTrue(store.bytes.get() <= 40 << 10, "fetched " + store.bytes);
        store.reset();
        read(50 * 4096, 4096);
        assertEquals(1, store.gets.get());
        assertTrue(store.bytes.get() <= 33 << 10, "fetched " + store.bytes);
    }

    @Test
    void aFileThatFitsIntoMemoryStaysThere() throws Exception {
        int bytes = 16 * MIB;
        file(bytes, 8 * MIB);
        readInOrder(0, bytes, 128 << 10);
        long ahead = volume.statistics().aheadPages();
        store.reset();
        for (int pass = 0; pass < 3; pass++) {
            readInOrder(0, bytes, 128 << 10);
        }
        assertEquals(0, store.gets.get());
        assertEquals(ahead, volume.statistics().aheadPages());
    }

    @Test
    void aReaderInAHoleAsksForNothing() throws Exception {
        file(MIB, MIB);
        ByteBuffer seen = ByteBuffer.allocate(MIB);
        for (long at = 1L << 40; at < (1L << 40) + 64 * MIB; at += MIB) {
            volume.read(inode, at, seen.clear());
            assertEquals(ByteBuffer.allocate(MIB), seen.flip());
        }
        volume.read(inode, Long.MIN_VALUE, seen.clear());
        assertEquals(0, store.gets.get());
    }
}
