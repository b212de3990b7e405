// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.ObjectHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/**
 * Fetches pages with ranged GETs. A caller that wants a page already being fetched waits for it. Pages close together in
 * one object share a request. Thread-safe.
 */
public final class RangeFetcher implements PageFetcher {
    /** Maximum bytes between two pages that one request fetches too, to save a second request. */
    private static final int GAP_BYTES_MAX = 32 * 1024;

    private static final int REQUEST_BYTES_MAX = 4 * 1024 * 1024;

    /** Maximum bytes of a read-ahead request. No reader waits for its first page, so fewer and longer requests are better. */
    private static final int AHEAD_BYTES_MAX = 12 * 1024 * 1024;

    /**
     * Additional bytes that a read-ahead request may fetch, or a share of the wanted bytes. If writers overtook each other,
     * their chunks alternate at the ends of a region. Clients read the gap soon, and then the disk cache has it.
     */
    private static final long AHEAD_GAPS_BYTES = 512 * 1024;

    private static final int AHEAD_GAPS_PART = 2;

    /** Threads for small requests of one region. Several regions are in flight at a time. */
    private static final int AHEAD_HELPERS_MAX = 3;

    private static final byte[] ZEROS = {};

    private final ObjectRanges ranges;
    private final CommitReader reader;
    private final PageCache cache;
    private final ParallelSteps parallel;
    private final DamageLog damage;
    private final ConcurrentHashMap<PageKey, CompletableFuture<byte[]>> underWay = new ConcurrentHashMap<>();

    public RangeFetcher(
            ObjectRanges ranges, CommitReader reader, PageCache cache, ParallelSteps parallel, DamageLog damage) {
        this.ranges = ranges;
        this.reader = reader;
        this.cache = cache;
        this.parallel = parallel;
        this.damage = damage;
    }

    /** The use of a page when it arrives, besides the callers that wait for it. */
    private enum Then {
        NOTHING,
        CACHE,
        HOLD
    }

    /** A page that this caller fetches for itself or for read-ahead, with the promise for other callers. */
    private record Owned(PageKey key, Wanted wanted, CompletableFuture<byte[]> result, Then then) {
        Owned(Wanted wanted, Then then) {
            this(wanted.key(), wanted, new CompletableFuture<>(), then);
        }

        Frame frame() {
            return wanted.table().frame(wanted.slot());
        }

        long offset() {
            return frame().pageOffset(wanted.page());
        }

        long end() {
            return offset() + frame().pageStoredLength(wanted.page());
        }

        boolean hasCome() {
            return !result.isCompletedExceptionally() && result.getNow(null) != null;
        }
    }

    @Override
    public Map<PageKey, byte[]> fetch(List<Wanted> pages, boolean keep) throws VolumeException, MissingObjectException {
        Map<PageKey, byte[]> fetched = new HashMap<>();
        Map<PageKey, CompletableFuture<byte[]>> awaited = new HashMap<>();
        List<Owned> owned = new ArrayList<>();
        try {
            for (Wanted wanted : pages) {
                PageKey key = wanted.key();
                if (isZeros(wanted)) {
                    cache.put(key, ZEROS);
                    fetched.put(key, ZEROS);
                } else if (!awaited.containsKey(key)) {
                    Owned mine = new Owned(wanted, keep ? Then.CACHE : Then.NOTHING);
                    CompletableFuture<byte[]> other = own(mine, owned);
                    awaited.put(key, other == null ? mine.result() : other);
                    if (other == null && hasArrived(mine)) {
                        owned.remove(owned.size() - 1);
                    }
                }
            }
            run(coalesce(owned, REQUEST_BYTES_MAX), parallel);
        } finally {
            settle(owned);
        }
        for (Map.Entry<PageKey, CompletableFuture<byte[]>> page : awaited.entrySet()) {
            fetched.put(page.getKey(), await(page.getValue()));
            if (keep) {
                // fetched by read-ahead, and read when it arrived
                cache.takeHeld(page.getKey());
            }
        }
        return fetched;
    }

    @Override
    public Map<PageKey, byte[]> open(Wanted wanted) {
        if (isZeros(wanted)) {
            return Map.of();
        }
        Owned page = new Owned(wanted, Then.CACHE);
        int length = (int) (page.end() - page.offset());
        StoredRange bytes = ranges.inMemory(wanted.table().header(), page.offset(), length);
        // The caller who fetches a damaged page decides about it.
        return bytes == null || open(page, bytes) != null
                ? Map.of()
                : Map.of(page.key(), page.result().getNow(ZEROS));
    }

    @Override
    public boolean fetchAhead(List<Wanted> pages) {
        List<Owned> owned = new ArrayList<>();
        long unused = 0;
        for (Wanted wanted : pages) {
            unused += wanted.length();
        }
        try {
            for (Wanted wanted : pages) {
                if (!isZeros(wanted) && !cache.has(wanted.key())) {
                    own(new Owned(wanted, Then.HOLD), owned);
                }
            }
            run(coalesce(owned, AHEAD_BYTES_MAX), new ParallelSteps(parallel.executor(), AHEAD_HELPERS_MAX));
        } finally {
            cache.giveBack(unused - settle(owned));
        }
        return owned.stream().allMatch(Owned::hasCome);
    }

    /** Returns null if the caller has to fetch the page from now on, else the promise of another caller. */
    private CompletableFuture<byte[]> own(Owned page, List<Owned> owned) {
        // Registered before another caller can wait for it.
        owned.add(page);
        CompletableFuture<byte[]> other = underWay.putIfAbsent(page.key(), page.result());
        if (other != null) {
            owned.remove(owned.size() - 1);
        }
        return other;
    }

    /**
     * Ends all promises of these pages after any exception. Pages without an answer fail. Allocates no memory, because memory
     * may be exhausted.
     *
     * @return plain bytes of the pages that have arrived
     */
    private long settle(List<Owned> pages) {
        long come = 0;
        for (int i = 0; i < pages.size(); i++) {
            Owned page = pages.get(i);
            page.result().complete(null);
            underWay.remove(page.key(), page.result());
            come += page.hasCome() ? page.wanted().length() : 0;
        }
        return come;
    }

    private static boolean isZeros(Wanted wanted) {
        return wanted.table().frame(wanted.slot()).pageStoredLength(wanted.page()) == 0;
    }

    /** Returns whether another request has brought the page since the caller looked into the cache. */
    private boolean hasArrived(Owned mine) {
        if (!cache.has(mine.key())) {
            return false;
        }
        byte[] page = cache.page(mine.key());
        if (page != null) {
            mine.result().complete(page);
            underWay.remove(mine.key(), mine.result());
        }
        return page != null;
    }

    private void run(List<List<Owned>> requests, ParallelSteps threads) {
        threads.run(requests.size(), request -> request(requests.get(request)));
    }

    private static List<List<Owned>> coalesce(List<Owned> pages, int bytesMax) {
        pages.sort(Comparator.<Owned>comparingLong(page -> page.key().seq()).thenComparingLong(Owned::offset));
        List<List<Owned>> requests = new ArrayList<>();
        List<Owned> request = null;
        long gaps = 0;
        for (Owned page : pages) {
            if (request == null || !fits(request, page, gaps, bytesMax)) {
                request = new ArrayList<>();
                requests.add(request);
                gaps = 0;
            } else {
                gaps += gap(request, page);
            }
            request.add(page);
        }
        return requests;
    }

    private static long gap(List<Owned> request, Owned page) {
        return page.offset() - request.get(request.size() - 1).end();
    }

    /** @param gaps additional bytes that the request already fetches */
    private static boolean fits(List<Owned> request, Owned page, long gaps, int bytesMax) {
        Owned first = request.get(0);
        if (first.key().seq() != page.key().seq() || page.end() - first.offset() > bytesMax) {
            return false;
        }
        long gap = gap(request, page);
        long wanted = page.offset() - gap - first.offset() - gaps;
        return page.then() == Then.HOLD
                ? gaps + gap <= Math.max(AHEAD_GAPS_BYTES, wanted / AHEAD_GAPS_PART)
                : gap <= GAP_BYTES_MAX;
    }

    /** Sends a request. In any case it ends the promise of each of its pages. */
    private void request(List<Owned> request) {
        try {
            ObjectHeader object = request.get(0).wanted().table().header();
            long from = request.get(0).offset();
            int length = (int) (request.get(request.size() - 1).end() - from);
            StoredRange bytes = read(object, from, length, request.get(0).then() == Then.CACHE);
            List<Owned> damaged = new ArrayList<>();
            for (Owned page : request) {
                if (open(page, bytes) != null) {
                    damaged.add(page);
                }
            }
            if (!damaged.isEmpty()) {
                // The damage may be in transit or in the cache: the bytes in the store decide.
                StoredRange again = ranges.readAgain(object, from, length);
                for (Owned page : damaged) {
                    CorruptObjectException e = open(page, again);
                    if (e != null) {
                        page.result().completeExceptionally(e);
                    }
                }
            }
        } catch (ObjectStoreException | RuntimeException | Error e) {
            request.forEach(page -> page.result().completeExceptionally(e));
        } finally {
            settle(request);
        }
    }

    /** Reads a range, and reads it again if the answer was cut short. */
    private StoredRange read(ObjectHeader object, long from, int length, boolean keep) throws ObjectStoreException {
        try {
            return ranges.read(object, from, length, keep);
        } catch (ObjectStoreException e) {
            if (e.kind() != ObjectStoreException.Kind.TRUNCATED) {
                throw e;
            }
            return ranges.readAgain(object, from, length);
        }
    }

    /** Opens a page. Returns its damage, or null. */
    private CorruptObjectException open(Owned page, StoredRange bytes) {
        Wanted wanted = page.wanted();
        ByteBuffer stored = bytes.slice(page.offset(), (int) (page.end() - page.offset()));
        try {
            byte[] plain = reader.openPage(wanted.table(), wanted.slot(), wanted.page(), stored)
                    .array();
            switch (page.then()) {
                case NOTHING -> {}
                case CACHE -> cache.put(page.key(), plain);
                case HOLD -> cache.hold(page.key(), plain);
            }
            page.result().complete(plain);
            return null;
        } catch (CorruptObjectException e) {
            return e;
        }
    }

    private byte[] await(CompletableFuture<byte[]> page) throws VolumeException, MissingObjectException {
        try {
            byte[] plain = Machine.current().await(page);
            if (plain == null) {
                throw new IllegalStateException("a page could not be read, because the thread that fetched it failed");
            }
            return plain;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VolumeException(VolumeException.Kind.UNAVAILABLE, "interrupted while waiting for the store", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof CorruptObjectException corrupt) {
                throw damage.report(corrupt);
            }
            if (cause instanceof ObjectStoreException failure) {
                throw explain(failure);
            }
            throw new IllegalStateException("a page could not be read", cause);
        }
    }

    private VolumeException explain(ObjectStoreException failure) throws MissingObjectException {
        return switch (failure.kind()) {
            case NOT_FOUND -> throw new MissingObjectException(failure.getMessage(), failure);
            case TRUNCATED, TOO_LARGE ->
                new VolumeException(VolumeException.Kind.CORRUPT, failure.getMessage(), failure);
            case UNAVAILABLE, UNKNOWN_OUTCOME, REFUSED, NO_SPACE ->
                new VolumeException(VolumeException.Kind.UNAVAILABLE, failure.getMessage(), failure);
        };
    }
}
