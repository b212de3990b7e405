// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.PageFetcher;
import io.zerofs.storage.cache.PageFetcher.MissingObjectException;
import io.zerofs.storage.cache.PageFetcher.Wanted;
import io.zerofs.storage.commit.CommitLimits;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.engine.read.FrameTables;
import io.zerofs.storage.engine.read.ReadObserver;
import io.zerofs.storage.engine.read.ReadPlanner;
import io.zerofs.storage.engine.read.ReadSources;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.index.FrameReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fetches the next pages of sequential readers. The window grows with the bytes that a reader has read in a row, and all
 * active readers share its maximum. Several requests fetch a window, each a whole commit if commits are large. Random
 * readers get no read-ahead. No reader waits here: planning and fetching run on the engine's own threads. Commit and slot
 * name each page, so no page is ever out of date. Thread-safe.
 */
public final class ReadAhead implements ReadObserver {
    private static final int WINDOW_BYTES_MAX = 32 << 20;
    private static final int REGIONS_UNDER_WAY_MAX = 8;

    /** A request may be longer by this part of itself, to end where a commit ends. */
    private static final int STRETCH = 2;

    /** Maximum offset of read-ahead, so that no sum of offsets overflows. */
    private static final long OFFSET_MAX = 1L << 62;

    private final ReadPlanner planner;
    private final FrameTables tables;
    private final PageCache cache;
    private final PageFetcher fetcher;
    private final EngineRuntime runtime;
    private final StopSwitch stop;
    private final ReadStreams streams = new ReadStreams();
    private final Semaphore underWay = new Semaphore(REGIONS_UNDER_WAY_MAX);
    private final AtomicInteger served = new AtomicInteger();

    public ReadAhead(
            ReadPlanner planner, FrameTables tables, ReadSources sources, EngineRuntime runtime, StopSwitch stop) {
        this.planner = planner;
        this.tables = tables;
        this.cache = sources.pages();
        this.fetcher = sources.fetcher();
        this.runtime = runtime;
        this.stop = stop;
    }

    @Override
    public void reading(long inode, long offset, int length) {
        if (offset < 0 || offset > OFFSET_MAX) {
            return;
        }
        ReadStreams.Group group = streams.of(inode);
        long now = runtime.nanoTime().getAsLong();
        ReadStream stream;
        synchronized (group) {
            stream = group.join(inode, offset, now, this::release);
            stream.read(offset, offset + length, now);
            releasePassed(stream);
            if (stream.isPlanning() || stream.wanted(windowMax()) == 0) {
                return;
            }
            stream.planning(true);
        }
        try {
            runtime.requests().execute(() -> plan(group, stream));
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread is available: the read continues without read-ahead, and a later read tries again.
            planned(group, stream);
        }
    }

    private long windowMax() {
        // The rest is for longer regions, and for regions that some requests have not yet passed.
        return Math.min(WINDOW_BYTES_MAX, cache.heldBytesMax() / 4 * 3 / Math.max(1, served.get()));
    }

    private void plan(ReadStreams.Group group, ReadStream stream) {
        try {
            if (served.get() > 1) {
                long now = runtime.nanoTime().getAsLong();
                streams.forEach(reader -> releaseDone(reader, now));
            }
            boolean more = true;
            while (more) {
                more = planNext(group, stream);
            }
        } catch (VolumeException | MissingObjectException e) {
            // the reader of these pages gets the failure
            distrust(group, stream);
        } finally {
            planned(group, stream);
        }
    }

    private static void planned(ReadStreams.Group group, ReadStream stream) {
        synchronized (group) {
            stream.planning(false);
        }
    }

    /** Starts one fetch. Returns false if no further fetch is wanted or possible now. */
    private boolean planNext(ReadStreams.Group group, ReadStream stream)
            throws VolumeException, MissingObjectException {
        long from;
        long wanted;
        synchronized (group) {
            from = stream.nextPlanned();
            wanted = stream.wanted(windowMax());
        }
        if (wanted == 0 || stop.isStopped()) {
            return false;
        }
        PrefetchRegion region = region(stream.inode(), from, wanted);
        boolean empty = region.pages().isEmpty();
        synchronized (group) {
            if (stream.isEnded()) {
                return false;
            }
            if (!empty && !takeRoom(region)) {
                stream.planLater();
                return false;
            }
            stream.planned(region.next());
            if (!empty && stream.regions().isEmpty()) {
                served.incrementAndGet();
            }
            if (!empty) {
                stream.regions().add(region);
            }
        }
        if (!empty) {
            try {
                runtime.requests().execute(() -> fetch(region, group, stream));
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // No other thread is available.
                fetch(region, group, stream);
            }
        }
        return true;
    }

    private boolean takeRoom(PrefetchRegion region) {
        if (!underWay.tryAcquire()) {
            return false;
        }
        boolean taken = cache.reserve(region.bytes());
        if (!taken) {
            underWay.release();
        }
        return taken;
    }

    private void fetch(PrefetchRegion region, ReadStreams.Group group, ReadStream stream) {
        boolean done = false;
        try {
            done = !stop.isStopped() && fetcher.fetchAhead(region.pages());
        } catch (OutOfMemoryError e) {
            // The reader of these pages fetches them again.
        } finally {
            underWay.release();
            region.fetched(cache);
            if (!done) {
                distrust(group, stream);
            }
        }
    }

    private static void distrust(ReadStreams.Group group, ReadStream stream) {
        synchronized (group) {
            stream.distrust();
        }
    }

    /**
     * Returns the stored pages of about {@code length} bytes of a file. If possible, the region ends where a commit begins,
     * so that the next region does not begin with the rest of a commit. If writers overtook each other, the chunks of two
     * commits alternate: the region includes all chunks of the earlier commit and leaves the others to the next region. It
     * also includes chunks past its end that lie between its other chunks in the object.
     */
    private PrefetchRegion region(long inode, long from, long length) throws VolumeException, MissingObjectException {
        long first = from / Volume.CHUNK_BYTES;
        long cut = (from + length - 1) / Volume.CHUNK_BYTES + 1;
        long last = cut + length / STRETCH / Volume.CHUNK_BYTES;
        List<List<Wanted>> chunks = new ArrayList<>();
        Set<Long> begun = new HashSet<>();
        long beginsAtCut = 0;
        int firstPage = (int) (from % Volume.CHUNK_BYTES) / CommitLimits.FRAME_PAGE_BYTES;
        for (long next = first; next <= last; next++) {
            List<Wanted> missing = missing(new ChunkId(inode, next), firstPage);
            firstPage = 0;
            chunks.add(missing);
            if (!missing.isEmpty() && begun.add(seq(missing)) && (next - first) * Volume.CHUNK_BYTES >= length / 2) {
                cut = next;
                beginsAtCut = seq(missing);
            }
        }
        List<Wanted> pages = new ArrayList<>();
        Map<Long, Long> reached = new HashMap<>();
        long end = cut;
        for (long next = first; next <= last; next++) {
            List<Wanted> missing = chunks.get((int) (next - first));
            if (missing.isEmpty()) {
                continue;
            }
            if (next < cut) {
                reached.merge(seq(missing), offset(missing), Math::max);
            } else if (beginsAtCut == 0
                    ? offset(missing) > reached.getOrDefault(seq(missing), 0L)
                    : seq(missing) == beginsAtCut) {
                continue;
            }
            pages.addAll(missing);
            end = Math.max(end, next + 1);
        }
        return new PrefetchRegion(cut * Volume.CHUNK_BYTES, end * Volume.CHUNK_BYTES, pages);
    }

    /** Returns the commit of the oldest page. */
    private static long seq(List<Wanted> pages) {
        return pages.get(0).key().seq();
    }

    private static long offset(List<Wanted> pages) {
        Wanted first = pages.get(0);
        return first.table().frame(first.slot()).pageOffset(first.page());
    }

    private List<Wanted> missing(ChunkId chunk, int firstPage) throws VolumeException, MissingObjectException {
        List<Wanted> pages = new ArrayList<>();
        for (FrameReference reference : planner.stored(chunk)) {
            FrameTable table = tables.of(reference);
            Frame frame = table.frame(reference.slot());
            for (int page = reference.full() ? firstPage : 0; page < frame.pageCount(); page++) {
                Wanted wanted = new Wanted(table, reference.slot(), page);
                if (!cache.has(wanted.key())) {
                    pages.add(wanted);
                }
            }
        }
        return pages;
    }

    /** Releases regions that no request of the reader can still need, late ones included. */
    private void releasePassed(ReadStream stream) {
        while (!stream.regions().isEmpty()
                && stream.regions().peek().end() + ReadStream.OVERTAKING_BYTES_MAX <= stream.frontier()) {
            releaseFirst(stream);
        }
    }

    /** Frees the window of a reader that rests, or has read all its fetched pages, for example at the end of a file. */
    private void releaseDone(ReadStream stream, long nowNanos) {
        if (stream.restedNanos(nowNanos) > ReadStreams.IDLE_NANOS) {
            release(stream);
        }
        while (!stream.regions().isEmpty() && stream.regions().peek().isRead(cache)) {
            releaseFirst(stream);
        }
    }

    private void release(ReadStream stream) {
        while (!stream.regions().isEmpty()) {
            releaseFirst(stream);
        }
        // if it continues, it continues here
        stream.planned(0);
    }

    private void releaseFirst(ReadStream stream) {
        stream.regions().remove().release(cache);
        if (stream.regions().isEmpty()) {
            served.decrementAndGet();
        }
    }
}
