// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.PageFetcher.MissingObjectException;
import io.zerofs.storage.cache.PageFetcher.Wanted;
import io.zerofs.storage.cache.PageKey;
import io.zerofs.storage.commit.CommitLimits;
import io.zerofs.storage.commit.DeltaMap;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameKind;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.FrameReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects the pages of one read: builds the frames that it can, fetches missing pages, and builds again. It needs at most
 * two rounds for full frames and small deltas, and three for deltas whose map it must read first. One thread uses it once.
 */
final class FrameAssembler {
    // A delta up to this size is fetched together with its map.
    private static final int SMALL_DELTA_PAGES = 2;

    private static final int BLOCKS_PER_PAGE = CommitLimits.FRAME_PAGE_BYTES / FrameReference.DELTA_BLOCK_BYTES;
    private static final long PAGE_BLOCKS = (1L << BLOCKS_PER_PAGE) - 1;
    private static final byte[] ZEROS = {};

    private final ReadSources sources;
    private final FrameTables tables;
    private final PageCache cache;
    private final boolean keep;
    private final Map<PageKey, byte[]> fetched = new HashMap<>(0);
    private final Map<FrameReference, DeltaMap> maps = new HashMap<>(0);
    private final List<Wanted> missing = new ArrayList<>(0);

    /** @param keep whether clients will probably read the fetched pages again */
    FrameAssembler(ReadSources sources, FrameTables tables, boolean keep) {
        this.sources = sources;
        this.tables = tables;
        this.cache = sources.pages();
        this.keep = keep;
    }

    FrameLayer[][] gather(ChunkRead[] parts) throws VolumeException, MissingObjectException {
        FrameLayer[][] layers = new FrameLayer[parts.length][];
        boolean[] complete = new boolean[parts.length];
        while (true) {
            for (int i = 0; i < parts.length; i++) {
                if (!complete[i]) {
                    int before = missing.size();
                    layers[i] = build(parts[i], layers[i]);
                    complete[i] = missing.size() == before;
                }
            }
            if (missing.isEmpty()) {
                return layers;
            }
            fetched.putAll(
                    NonBlockingThread.isCurrent()
                            ? openWithoutWaiting()
                            : sources.fetcher().fetch(missing, keep));
            missing.clear();
        }
    }

    private Map<PageKey, byte[]> openWithoutWaiting() {
        Map<PageKey, byte[]> opened = missing.size() == 1 ? sources.fetcher().open(missing.get(0)) : Map.of();
        if (opened.isEmpty()) {
            NonBlockingThread.check();
        }
        return opened;
    }

    /** @param before the frames of the previous round, which the cache may have dropped since; null in the first */
    private FrameLayer[] build(ChunkRead part, FrameLayer[] before) throws VolumeException, MissingObjectException {
        FrameLayer[] layers = new FrameLayer[part.frames().size()];
        for (int i = 0; i < layers.length; i++) {
            FrameReference frame = part.frames().get(i);
            FrameLayer known = before == null ? null : before[i];
            if (part.memory()[i] != null) {
                layers[i] = part.memory()[i];
            } else if (frame.full()) {
                layers[i] = full(frame, part, part.needed()[i], known);
            } else if ((frame.blocks() & part.needed()[i]) != 0) {
                layers[i] = delta(frame, part, known);
            }
        }
        return layers;
    }

    private FrameLayer full(FrameReference frame, ChunkRead part, long needed, FrameLayer known)
            throws VolumeException, MissingObjectException {
        byte[][] pages =
                known instanceof FrameLayer.StoredFull full ? full.pages() : new byte[FrameLayer.StoredFull.PAGES][];
        int last = (part.to() - 1) / CommitLimits.FRAME_PAGE_BYTES;
        for (int page = part.from() / CommitLimits.FRAME_PAGE_BYTES; page <= last; page++) {
            if (pages[page] == null && (needed >>> page * BLOCKS_PER_PAGE & PAGE_BLOCKS) != 0) {
                pages[page] = page(frame, page);
            }
        }
        return new FrameLayer.StoredFull(pages);
    }

    /** Returns the delta; null while pages are missing. */
    private FrameLayer delta(FrameReference frame, ChunkRead part, FrameLayer known)
            throws VolumeException, MissingObjectException {
        DeltaMap map = map(frame);
        if (map == null) {
            return null;
        }
        int to = part.to();
        int pageCount = 0;
        for (int i = map.firstBehind(part.from()); i < map.count() && map.offset(i) < to; i++) {
            pageCount = Math.max(pageCount, map.isZeros(i) ? 0 : pageOf(map.source(i) + map.length(i) - 1) + 1);
        }
        byte[][] pages = known instanceof FrameLayer.StoredDelta delta ? delta.pages() : new byte[pageCount][];
        for (int i = map.firstBehind(part.from()); i < map.count() && map.offset(i) < to; i++) {
            if (!map.isZeros(i)) {
                int skipped = Math.max(0, part.from() - map.offset(i));
                int length = Math.min(map.length(i), to - map.offset(i));
                for (int page = pageOf(map.source(i) + skipped); page <= pageOf(map.source(i) + length - 1); page++) {
                    if (pages[page] == null) {
                        pages[page] = page(frame, page);
                    }
                }
            }
        }
        return new FrameLayer.StoredDelta(map, pages);
    }

    private static int pageOf(int source) {
        return source / CommitLimits.FRAME_PAGE_BYTES;
    }

    private DeltaMap map(FrameReference frame) throws VolumeException, MissingObjectException {
        DeltaMap known = maps.get(frame);
        if (known == null) {
            known = cache.map(frame.seq(), frame.slot());
        }
        if (known != null) {
            return known;
        }
        FrameTable table = tables.of(frame);
        Frame stored = table.frame(frame.slot());
        requireKind(stored, FrameKind.DELTA, frame);
        ByteBuffer plain = ByteBuffer.allocate(stored.mapLength());
        boolean complete = true;
        int wanted = stored.pageCount() <= SMALL_DELTA_PAGES ? stored.pageCount() : pageOf(stored.mapLength() - 1) + 1;
        for (int page = 0; page < wanted; page++) {
            byte[] bytes = page(frame, page);
            if (bytes == null) {
                complete = false;
            } else if (plain.hasRemaining()) {
                plain.put(bytes, 0, Math.min(bytes.length, plain.remaining()));
            }
        }
        if (!complete) {
            return null;
        }
        DeltaMap map = sources.openMap(table, frame.slot(), plain.flip());
        maps.put(frame, map);
        if (keep) {
            cache.put(frame.seq(), frame.slot(), map);
        }
        return map;
    }

    /** Returns the plain bytes of a page. If it is not in memory, notes it as missing and returns null. */
    private byte[] page(FrameReference frame, int page) throws VolumeException, MissingObjectException {
        PageKey key = new PageKey(frame.seq(), frame.slot(), page);
        byte[] bytes = cache.page(key);
        if (bytes == null) {
            bytes = fetched.get(key);
        }
        if (bytes != null) {
            return bytes;
        }
        FrameTable table = tables.of(frame);
        Frame stored = table.frame(frame.slot());
        requireKind(stored, frame.full() ? FrameKind.FULL : FrameKind.DELTA, frame);
        if (page >= stored.pageCount() || stored.pageStoredLength(page) == 0) {
            cache.put(key, ZEROS);
            return ZEROS;
        }
        missing.add(new Wanted(table, frame.slot(), page));
        return null;
    }

    private static void requireKind(Frame stored, FrameKind kind, FrameReference frame) throws VolumeException {
        if (stored.kind() != kind) {
            throw new VolumeException(
                    VolumeException.Kind.CORRUPT,
                    "slot " + frame.slot() + " of commit " + frame.seq() + " is " + stored.kind() + ", not " + kind);
        }
    }
}
