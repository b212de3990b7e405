// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitDraft;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLimits;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.CommitSealer;
import io.zerofs.storage.commit.FrameContent;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many requests reads cost. */
final class RangeFetcherTest {
    private static final int SLOTS = 20;

    private static final ParallelSteps FAILING = new ParallelSteps(
            work -> {
                throw new InternalError("of a test");
            },
            1);

    private final ObjectKeys keys = CommitFixture.keys();
    private final FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), 1);
    private final PageCache cache = new PageCache(16 << 20);
    private final DamageLog damage = new DamageLog();
    private final byte[][] chunks = new byte[SLOTS][CommitLimits.CHUNK_BYTES];
    private SealedCommit commit;

    @BeforeEach
    void storeACommit() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        List<FrameContent> slots = new ArrayList<>();
        for (byte[] chunk : chunks) {
            random.nextBytes(chunk);
            slots.add(new FrameContent.Full(ByteBuffer.wrap(chunk)));
        }
        slots.add(new FrameContent.Full(ByteBuffer.wrap(onlyTheLastPage())));
        CommitDraft.Log log = new CommitDraft.Log(0, Salt.NONE, List.of(), List.of());
        commit = new CommitSealer(keys, Compression.LZ4, ParallelSteps.NONE)
                .seal(new CommitDraft(new CommitId(1, 1), Salt.random(random), log, slots));
        store.put(commit.id().objectName(), commit.bytes(), new ObjectStore.IfAbsent());
        store.forgetRequests();
    }

    private static byte[] onlyTheLastPage() {
        byte[] chunk = new byte[CommitLimits.CHUNK_BYTES];
        Arrays.fill(chunk, 7 * CommitLimits.FRAME_PAGE_BYTES, chunk.length, (byte) 1);
        return chunk;
    }

    private RangeFetcher fetcher(ObjectStore from) {
        return fetcher(from, ParallelSteps.NONE);
    }

    private RangeFetcher fetcher(ObjectStore from, ParallelSteps parallel) {
        return new RangeFetcher(
                new ObjectRanges(from, DiskCache.off(), number -> null, Runnable::run, () -> 0),
                new CommitReader(from, keys),
                cache,
                parallel,
                damage);
    }

    private PageFetcher.Wanted page(int slot, int page) {
        return new PageFetcher.Wanted(commit.frames(), slot, page);
    }

    private byte[] expected(int slot, int page) {
        int from = page * CommitLimits.FRAME_PAGE_BYTES;
        return Arrays.copyOfRange(chunks[slot], from, from + CommitLimits.FRAME_PAGE_BYTES);
    }

    @Test
    void neighbouringPagesComeByOneRequest() throws Exception {
        List<PageFetcher.Wanted> wanted = new ArrayList<>();
        for (int slot = 3; slot < 6; slot++) {
            for (int page = 0; page < 8; page++) {
                wanted.add(0, page(slot, page));
            }
        }
        Map<PageKey, byte[]> pages = fetcher(store).fetch(wanted, true);
        assertEquals(24, pages.size());
        for (PageFetcher.Wanted each : wanted) {
            assertArrayEquals(expected(each.slot(), each.page()), pages.get(each.key()));
            assertArrayEquals(expected(each.slot(), each.page()), cache.page(each.key()));
        }
        assertEquals(1, store.counts().get(StoreOperation.GET_RANGE));
    }

    @Test
    void farPagesComeByRequestsOfTheirOwnAndNothingBetweenThem() throws Exception {
        fetcher(store).fetch(List.of(page(0, 0), page(10, 0), page(19, 7)), true);
        assertEquals(3, store.counts().get(StoreOperation.GET_RANGE));
        assertTrue(store.bytes(StoreOperation.GET_RANGE) < 3 * 33 * 1024);
    }

    @Test
    void aRequestIsNotLongerThanItsLimit() throws Exception {
        List<PageFetcher.Wanted> wanted = new ArrayList<>();
        for (int slot = 0; slot < SLOTS; slot++) {
            for (int page = 0; page < 8; page++) {
                wanted.add(page(slot, page));
            }
        }
        fetcher(store).fetch(wanted, true);
        assertEquals(2, store.counts().get(StoreOperation.GET_RANGE));
    }

    @Test
    void pagesThatAreNotReadAgainAreNotKept() throws Exception {
        Map<PageKey, byte[]> pages = fetcher(store).fetch(List.of(page(2, 3)), false);
        assertArrayEquals(expected(2, 3), pages.get(new PageKey(1, 2, 3)));
        assertFalse(cache.has(new PageKey(1, 2, 3)));
    }

    @Test
    void aPageOfZerosCostsNoRequest() throws Exception {
        Map<PageKey, byte[]> pages = fetcher(store).fetch(List.of(page(SLOTS, 0)), true);
        assertEquals(0, pages.get(new PageKey(1, SLOTS, 0)).length);
        assertNull(store.counts().get(StoreOperation.GET_RANGE));
    }

    @Test
    void aReaderWaitsForAPageThatIsOnItsWay() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        ObjectStore slow = asking(() -> {
            asked.countDown();
            answer.await();
        });
        RangeFetcher fetcher = fetcher(slow);
        Reading first = inThread(fetcher, page(1, 1));
        asked.await();
        Reading second = inThread(fetcher, page(1, 1));
        while (second.thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        answer.countDown();
        for (Reading reading : List.of(first, second)) {
            assertArrayEquals(
                    expected(1, 1), reading.pages.get(1, TimeUnit.MINUTES).get(new PageKey(1, 1, 1)));
        }
        assertEquals(1, store.counts().get(StoreOperation.GET_RANGE));
    }

    /** Before it asks the store it does what is given. */
    private ObjectStore asking(Waiting before) {
        return new ForwardingObjectStore(store) {
            @Override
            public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                try {
                    before.run();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return super.getRange(name, offset, length);
            }
        };
    }

    private interface Waiting {
        void run() throws InterruptedException;
    }

    @Test
    void waitingForAPageFetchedAheadCountsAsReadingIt() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch bothAsked = new CountDownLatch(2);
        RangeFetcher fetcher = fetcher(asking(() -> {
            asked.countDown();
            bothAsked.countDown();
            bothAsked.await();
        }));
        assertTrue(cache.reserve(CommitLimits.FRAME_PAGE_BYTES));
        CompletableFuture<Boolean> ahead = CompletableFuture.supplyAsync(() -> fetcher.fetchAhead(List.of(page(1, 1))));
        asked.await();
        // the request for the second page goes out when the first is waited for
        Map<PageKey, byte[]> pages = fetcher.fetch(List.of(page(1, 1), page(10, 0)), true);
        assertArrayEquals(expected(1, 1), pages.get(page(1, 1).key()));
        assertTrue(ahead.get(1, TimeUnit.MINUTES));
        assertEquals(2, store.counts().get(StoreOperation.GET_RANGE));
        assertFalse(cache.holds(page(1, 1).key()));
        assertTrue(cache.has(page(1, 1).key()), "it stays for who reads it next");
        assertTrue(cache.reserve(cache.heldBytesMax()), "its room is given back");
        cache.drop(page(1, 1).key());
        assertEquals(0, cache.unread());
    }

    private record Reading(Thread thread, CompletableFuture<Map<PageKey, byte[]>> pages) {}

    private static Reading inThread(RangeFetcher fetcher, PageFetcher.Wanted page) {
        CompletableFuture<Map<PageKey, byte[]>> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(fetcher.fetch(List.of(page), true));
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        thread.start();
        return new Reading(thread, result);
    }

    @Test
    void afterAFailureThePageIsAskedForAgain() throws Exception {
        RangeFetcher fetcher = fetcher(store);
        store.setOutage(true);
        VolumeException failure =
                assertThrows(VolumeException.class, () -> fetcher.fetch(List.of(page(2, 2), page(2, 3)), true));
        assertEquals(VolumeException.Kind.UNAVAILABLE, failure.kind());
        store.setOutage(false);
        assertArrayEquals(
                expected(2, 2), fetcher.fetch(List.of(page(2, 2)), true).get(new PageKey(1, 2, 2)));
    }

    /** Pages of which the last cannot be fetched. */
    private static List<PageFetcher.Wanted> endingWith(Waiting last, PageFetcher.Wanted... pages) {
        return new AbstractList<>() {
            @Override
            public PageFetcher.Wanted get(int index) {
                if (index == pages.length) {
                    try {
                        last.run();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                return pages[index];
            }

            @Override
            public int size() {
                return pages.length + 1;
            }
        };
    }

    @Test
    void aWaiterForAPageLearnsThatItsFetchCannotContinue() throws Exception {
        RangeFetcher fetcher = fetcher(store);
        List<Reading> second = new ArrayList<>();
        Waiting outOfMemory = () -> {
            second.add(inThread(fetcher, page(1, 1)));
            while (second.get(0).thread.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            throw new OutOfMemoryError("of a test");
        };
        assertThrows(OutOfMemoryError.class, () -> fetcher.fetch(endingWith(outOfMemory, page(1, 1)), true));
        ExecutionException told =
                assertThrows(ExecutionException.class, () -> second.get(0).pages.get(1, TimeUnit.MINUTES));
        assertEquals(IllegalStateException.class, told.getCause().getClass());
        assertIsRead(fetcher, page(1, 1));
    }

    private void assertIsRead(RangeFetcher fetcher, PageFetcher.Wanted page) throws Exception {
        Map<PageKey, byte[]> pages = inThread(fetcher, page).pages.get(1, TimeUnit.MINUTES);
        assertArrayEquals(expected(page.slot(), page.page()), pages.get(page.key()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pagesThatCouldNotBeAskedForAreAskedForAgain(boolean ahead) throws Exception {
        RangeFetcher fetcher = fetcher(store, FAILING);
        List<PageFetcher.Wanted> far = List.of(page(0, 0), page(10, 0));
        assertThrows(InternalError.class, () -> fetch(fetcher, far, ahead));
        Waiting outOfMemory = () -> {
            throw new OutOfMemoryError("of a test");
        };
        assertThrows(OutOfMemoryError.class, () -> fetch(fetcher, endingWith(outOfMemory, page(19, 7)), ahead));
        for (PageFetcher.Wanted page : List.of(page(0, 0), page(10, 0), page(19, 7))) {
            assertIsRead(fetcher, page);
        }
    }

    private void fetch(RangeFetcher fetcher, List<PageFetcher.Wanted> pages, boolean ahead) throws Exception {
        if (ahead) {
            assertTrue(cache.reserve((long) pages.size() * CommitLimits.FRAME_PAGE_BYTES));
            fetcher.fetchAhead(pages);
        } else {
            fetcher.fetch(pages, true);
        }
    }

    @Test
    void roomForPagesAheadIsReturnedAfterAnyError() throws Exception {
        RangeFetcher fetcher = fetcher(store, FAILING);
        assertThrows(InternalError.class, () -> fetch(fetcher, List.of(page(0, 0), page(10, 0)), true));
        assertTrue(cache.reserve(cache.heldBytesMax()), "all room is given back");
    }

    @Test
    void roomForPagesAheadIsTakenFromTheOthersAndGivenBack() {
        PageCache small = new PageCache(2 << 20);
        long held = small.heldBytesMax();
        assertTrue(small.reserve(held));
        for (int i = 0; i < 100; i++) {
            small.put(new PageKey(1, i, 0), new byte[CommitLimits.FRAME_PAGE_BYTES]);
        }
        assertTrue(bytesKept(small) <= (2 << 20) - held, "others make room");
        small.giveBack(held);
        for (int i = 0; i < 100; i++) {
            small.put(new PageKey(1, i, 0), new byte[CommitLimits.FRAME_PAGE_BYTES]);
        }
        assertTrue(bytesKept(small) > (2 << 20) - held, "and get it back");
    }

    private static long bytesKept(PageCache cache) {
        long kept = 0;
        for (int i = 0; i < 100; i++) {
            kept += cache.page(new PageKey(1, i, 0)) == null ? 0 : CommitLimits.FRAME_PAGE_BYTES;
        }
        return kept;
    }

    @Test
    void theCacheStaysWithinItsBytes() {
        PageCache small = new PageCache(1 << 20);
        for (int i = 0; i < 1000; i++) {
            small.put(new PageKey(1, i, 0), new byte[CommitLimits.FRAME_PAGE_BYTES]);
        }
        long kept = 0;
        for (int i = 0; i < 1000; i++) {
            kept += small.page(new PageKey(1, i, 0)) == null ? 0 : CommitLimits.FRAME_PAGE_BYTES;
        }
        assertTrue(kept > 1 << 18 && kept <= 1 << 20, "bytes kept: " + kept);
        assertEquals(1000, small.hits() + small.misses());
    }

    @Test
    void pagesFetchedAheadAreHeldUntilTheyAreReadAndCostNoSecondRequest() throws Exception {
        List<PageFetcher.Wanted> wanted = List.of(page(1, 0), page(1, 1), page(1, 2));
        long room = 3L * CommitLimits.FRAME_PAGE_BYTES;
        assertTrue(cache.reserve(room));
        assertTrue(fetcher(store).fetchAhead(wanted));
        assertArrayEquals(expected(1, 1), cache.page(page(1, 1).key()));
        fetcher(store).fetch(wanted, true);
        assertEquals(1, store.counts().get(StoreOperation.GET_RANGE));
        cache.drop(page(1, 0).key());
        cache.drop(page(1, 1).key());
        cache.drop(page(1, 2).key());
        assertEquals(3, cache.ahead());
        assertEquals(0, cache.unread());
        assertTrue(cache.reserve(cache.heldBytesMax()), "all room is given back");
    }

    @Test
    void roomForPagesAheadIsBoundedAndReturnedAfterFailedFetches() throws Exception {
        assertTrue(cache.reserve(cache.heldBytesMax() - CommitLimits.FRAME_PAGE_BYTES));
        assertFalse(cache.reserve(2 * CommitLimits.FRAME_PAGE_BYTES));
        assertTrue(cache.reserve(CommitLimits.FRAME_PAGE_BYTES));
        store.setOutage(true);
        assertFalse(fetcher(store).fetchAhead(List.of(page(2, 0))));
        assertTrue(cache.reserve(CommitLimits.FRAME_PAGE_BYTES));
        store.setOutage(false);
        assertTrue(fetcher(store).fetchAhead(List.of(page(2, 0))));
        assertFalse(cache.reserve(1));
        cache.drop(page(2, 0).key());
        assertEquals(1, cache.unread());
        assertTrue(cache.reserve(CommitLimits.FRAME_PAGE_BYTES));
    }
}
