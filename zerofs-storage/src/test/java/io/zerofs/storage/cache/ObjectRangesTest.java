// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.commit.CommitDraft;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLimits;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.CommitSealer;
import io.zerofs.storage.commit.FrameContent;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectRangesTest {
    private static final int SLOTS = 5;
    private static final Set<Thread.State> WAITING = Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

    @TempDir
    Path directory;

    private final ObjectKeys keys = CommitFixture.keys();
    private final MemoryObjectStore inner = new MemoryObjectStore();
    private final FaultyObjectStore store = new FaultyObjectStore(inner, 1);
    private final AtomicLong nanoTime = new AtomicLong();
    private DiskCache cache;
    private ObjectRanges ranges;
    private SealedCommit commit;
    private ByteBuffer object;

    @BeforeEach
    void storeACommit() throws Exception {
        cache = DiskCache.open(new DiskCacheSettings(directory, 100 << 20, 0), new ManualMonotonicClock());
        ranges = new ObjectRanges(store, cache, number -> null, Runnable::run, nanoTime::get);
        commit = seal(1);
        object = store(commit);
    }

    @AfterEach
    void close() {
        cache.close();
    }

    @Test
    void everyRangeIsReadRightWithAnyCacheContent() throws Exception {
        Random random = new Random(2);
        for (int i = 0; i < 300; i++) {
            int from = random.nextInt(object.remaining());
            int length = 1 + random.nextInt(Math.min(object.remaining() - from, random.nextBoolean() ? 1000 : 1 << 20));
            assertEquals(
                    object.slice(from, length),
                    ranges.read(header(), from, length, false).slice(from, length));
            if (random.nextInt(4) == 0) {
                cache.forget(header().salt(), random.nextInt(object.remaining() / DiskCache.CACHE_BLOCK_BYTES));
            }
            cache.drain();
        }
    }

    @Test
    void cachedRangesAreNotFetchedAgain() throws Exception {
        ranges.read(header(), 300_000, 5 * DiskCache.CACHE_BLOCK_BYTES, false);
        cache.drain();
        assertEquals(1, gets());
        ranges.read(header(), 2 * DiskCache.CACHE_BLOCK_BYTES, 5 * DiskCache.CACHE_BLOCK_BYTES, false);
        assertEquals(1, gets());
        ranges.read(header(), 0, object.remaining(), false);
        assertEquals(3, gets(), "one before it, one after it");
        cache.drain();
        ranges.read(header(), 0, object.remaining(), false);
        assertEquals(3, gets());
    }

    @Test
    void aFewBlocksInTheMiddleAreFetchedAgainRatherThanSplitTheRequest() throws Exception {
        ranges.read(header(), 300_000, 1, false);
        cache.drain();
        ranges.read(header(), 0, object.remaining(), false);
        assertEquals(2, gets());
    }

    @Test
    void storedRangesAreNotFetched() throws Exception {
        ranges.keep(commit);
        cache.drain();
        int from = (int) header().dataOffset();
        int length = object.remaining() - from;
        assertEquals(
                object.slice(from, length),
                ranges.read(header(), from, length, false).slice(from, length));
        assertEquals(0, gets());
    }

    @Test
    void aSmallReadTakesOnlyItsBytesFromTheDisk() throws Exception {
        ranges.keep(commit);
        cache.drain();
        int from = 2 * DiskCache.CACHE_BLOCK_BYTES - 1000;
        StoredRange range = ranges.read(header(), from, 5000, true);
        assertEquals(object.slice(from, 5000), range.slice(from, 5000));
        assertEquals(
                5000, range.parts().stream().mapToInt(ByteBuffer::remaining).sum());
        assertEquals(0, gets());
    }

    @Test
    void pagesDamagedOnTheDiskAreFetchedAgainAndThenReadFromTheDisk() throws Exception {
        ranges.keep(commit);
        cache.drain();
        PageFetcher.Wanted wanted = new PageFetcher.Wanted(commit.frames(), 2, 3);
        byte[] right = fetcher().fetch(List.of(wanted), true).get(wanted.key());
        assertEquals(0, gets());
        cache.close();
        byte[] part = new byte[20];
        object.get((int) commit.frames().frame(2).pageOffset(3), part);
        damage(part);
        cache = DiskCache.open(new DiskCacheSettings(directory, 100 << 20, 0), new ManualMonotonicClock());
        cache.drain();
        for (int i = 0; i < 3; i++) {
            ranges = new ObjectRanges(store, cache, number -> null, Runnable::run, nanoTime::get);
            assertArrayEquals(right, fetcher().fetch(List.of(wanted), true).get(wanted.key()));
            cache.drain();
        }
        assertEquals(2, gets(), "the page for the first reader, and its blocks for the cache");
    }

    private void damage(byte[] part) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            Path file = files.findFirst().orElseThrow();
            String all = Files.readString(file, StandardCharsets.ISO_8859_1);
            String wrong = all.replace(new String(part, StandardCharsets.ISO_8859_1), "x".repeat(part.length));
            Files.writeString(file, wrong, StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    void anObjectOfAnotherTimelineIsNotAnsweredFromTheCache() throws Exception {
        ranges.keep(commit);
        cache.drain();
        inner.delete(List.of(commit.id().objectName()));
        SealedCommit other = seal(2);
        ByteBuffer otherObject = store(other);
        ObjectHeader otherHeader = other.frames().header();
        int from = (int) otherHeader.dataOffset();
        assertEquals(
                otherObject.slice(from, 100_000),
                ranges.read(otherHeader, from, 100_000, false).slice(from, 100_000));
    }

    @Test
    void bytesDamagedOnTheWayAreFetchedAgainAndNotKept() throws Exception {
        List<PageFetcher.Wanted> wanted = new ArrayList<>();
        for (int page = 0; page < 8; page++) {
            wanted.add(new PageFetcher.Wanted(commit.frames(), 2, page));
        }
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, "", 0.5, new Fault.CorruptBody()));
        for (int i = 0; i < 20; i++) {
            try {
                fetcher().fetch(wanted, true);
            } catch (io.zerofs.core.volume.VolumeException e) {
                // damaged twice in a row
            }
            cache.drain();
        }
        store.setFaults();
        for (int i = 0; i < 2; i++) {
            assertEquals(8, fetcher().fetch(wanted, true).size());
            cache.drain();
        }
        long fetched = store.bytes(StoreOperation.GET_RANGE);
        assertEquals(8, fetcher().fetch(wanted, true).size());
        assertEquals(fetched, store.bytes(StoreOperation.GET_RANGE), "damaged bytes are still cached");
    }

    @Test
    void aTruncatedObjectReturnsItsRemainingBytes() throws Exception {
        inner.delete(List.of(commit.id().objectName()));
        int left = object.remaining() - 10;
        inner.put(commit.id().objectName(), List.of(object.slice(0, left)), new IfAbsent());
        assertEquals(
                object.slice(left - 5, 5),
                ranges.read(header(), left - 5, 5, false).slice(left - 5, 5));
        ObjectStoreException e =
                assertThrows(ObjectStoreException.class, () -> ranges.read(header(), left - 5, 6, false));
        assertEquals(Kind.TRUNCATED, e.kind());
    }

    @Test
    void withoutACacheOnlyTheRangeIsAskedFor() throws Exception {
        new ObjectRanges(store, DiskCache.off(), number -> null, Runnable::run, nanoTime::get)
                .read(header(), 300_000, 17, false);
        assertEquals(17, store.bytes(StoreOperation.GET_RANGE));
    }

    @Test
    void readersOfOneBlockShareOneRequest() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        ObjectRanges shared = new ObjectRanges(
                new ForwardingObjectStore(store) {
                    @Override
                    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                        asked.countDown();
                        awaitOrFail(released);
                        return super.getRange(name, offset, length);
                    }
                },
                cache,
                number -> null,
                Runnable::run,
                nanoTime::get);
        List<Thread> readers = new ArrayList<>();
        ConcurrentLinkedQueue<Integer> wrong = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 8; i++) {
            int from = 300_000 + i * 4_096;
            Thread reader = new Thread(() -> {
                try {
                    ByteBuffer read = shared.read(header(), from, 4_096, true).slice(from, 4_096);
                    if (!read.equals(object.slice(from, 4_096))) {
                        wrong.add(from);
                    }
                } catch (ObjectStoreException | RuntimeException e) {
                    wrong.add(from);
                }
            });
            readers.add(reader);
            reader.start();
            awaitOrFail(asked);
        }
        await().until(() -> readers.stream().allMatch(each -> WAITING.contains(each.getState())));
        released.countDown();
        for (Thread reader : readers) {
            reader.join();
        }
        assertEquals(List.of(), List.copyOf(wrong));
        assertEquals(1, gets());
    }

    @Test
    void whenAFetchFailsItsWaitersFetchThemselves() throws Exception {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, "", 1, new Fault.Unavailable()));
        assertThrows(ObjectStoreException.class, () -> ranges.read(header(), 300_000, 10, true));
        store.setFaults();
        assertEquals(
                object.slice(300_000, 10),
                ranges.read(header(), 300_000, 10, true).slice(300_000, 10));
    }

    /** Each request to a store that is away takes as long as its retries. */
    @Test
    void readersOfOneBlockDoNotAskAStoreThatIsAwayOneAfterTheOther() throws Exception {
        List<Thread> readers = new ArrayList<>();
        AtomicInteger asked = new AtomicInteger();
        ObjectRanges shared = new ObjectRanges(
                new ForwardingObjectStore(store) {
                    @Override
                    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                        Thread asking = Thread.currentThread();
                        int waits = asked.incrementAndGet();
                        await().until(() -> readers.size() == 8
                                && readers.stream()
                                        .filter(each -> each != asking && each.isAlive())
                                        .allMatch(each -> flightsThatWait(each) == waits));
                        throw new ObjectStoreException(Kind.UNAVAILABLE, "the store is away", null);
                    }
                },
                cache,
                number -> null,
                Runnable::run,
                nanoTime::get);
        ConcurrentLinkedQueue<Kind> failures = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 8; i++) {
            int from = 300_000 + i * 4_096;
            readers.add(new Thread(() -> {
                try {
                    shared.read(header(), from, 4_096, true);
                } catch (ObjectStoreException e) {
                    failures.add(e.kind());
                }
            }));
        }
        readers.forEach(Thread::start);
        for (Thread reader : readers) {
            reader.join();
        }
        assertEquals(Collections.nCopies(8, Kind.UNAVAILABLE), List.copyOf(failures));
        assertEquals(2, asked.get(), "one for all, and another one in case that the first failed by itself");
    }

    private static long flightsThatWait(Thread reader) {
        return Arrays.stream(reader.getStackTrace())
                .filter(frame -> frame.getClassName().endsWith("ObjectRanges$Flight")
                        && frame.getMethodName().equals("await"))
                .count();
    }

    @Test
    void smallFilesThatWereWrittenTogetherComeInFewRequestsAndEachByteOnce() throws Exception {
        int end = object.remaining();
        for (int from = (int) header().dataOffset(); from + 4_096 <= end; from += 4_096) {
            assertEquals(
                    object.slice(from, 4_096),
                    ranges.read(header(), from, 4_096, true).slice(from, 4_096));
            nanoTime.addAndGet(1_000_000);
        }
        assertTrue(gets() <= 5, gets() + " requests");
        assertTrue(store.bytes(StoreOperation.GET_RANGE) <= end);
    }

    @Test
    void aReadNowAndThenFetchesItsOwnBlockOnly() throws Exception {
        for (int block = 9; block >= 1; block -= 2) {
            ranges.read(header(), (long) block * DiskCache.CACHE_BLOCK_BYTES, 4_096, true);
            nanoTime.addAndGet(10_000_000_000L);
        }
        assertEquals(5, gets());
        assertTrue(store.bytes(StoreOperation.GET_RANGE) <= 5 * DiskCache.CACHE_BLOCK_BYTES);
    }

    @Test
    void aPageOfABlockInMemoryIsOpenedWithoutARequest() throws Exception {
        RangeFetcher fetcher = fetcher();
        PageFetcher.Wanted next = new PageFetcher.Wanted(commit.frames(), 0, 1);
        assertEquals(Map.of(), fetcher.open(next), "nothing is in memory");
        fetcher.fetch(List.of(new PageFetcher.Wanted(commit.frames(), 0, 0)), true);
        long before = gets();
        byte[] opened = fetcher.open(next).get(next.key());
        assertEquals(new CommitReader(inner, keys).readPage(commit.frames(), 0, 1), ByteBuffer.wrap(opened));
        assertEquals(Map.of(), fetcher.open(new PageFetcher.Wanted(commit.frames(), SLOTS - 1, 7)));
        assertEquals(before, gets());
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private RangeFetcher fetcher() {
        return new RangeFetcher(
                ranges, new CommitReader(store, keys), new PageCache(0), ParallelSteps.NONE, new DamageLog());
    }

    private ObjectHeader header() {
        return commit.frames().header();
    }

    private long gets() {
        return store.counts().getOrDefault(StoreOperation.GET_RANGE, 0L);
    }

    private SealedCommit seal(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<FrameContent> slots = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            byte[] chunk = new byte[CommitLimits.CHUNK_BYTES];
            random.nextBytes(chunk);
            slots.add(new FrameContent.Full(ByteBuffer.wrap(chunk)));
        }
        CommitDraft.Log log = new CommitDraft.Log(0, Salt.NONE, List.of(), List.of());
        return new CommitSealer(keys, Compression.LZ4, ParallelSteps.NONE)
                .seal(new CommitDraft(new CommitId(1, 1), Salt.random(random), log, slots));
    }

    private ByteBuffer store(SealedCommit sealed) throws ObjectStoreException {
        String name = sealed.id().objectName();
        inner.put(name, sealed.bytes(), new IfAbsent());
        return inner.get(name, 1 << 24).bytes();
    }
}
