// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.cache.PageFetcher;
import io.zerofs.storage.engine.runtime.StopSwitch;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** Reads ranges from the commits in memory, the page cache and the store, in this order. Thread-safe. */
public final class ReadPath {
    private static final byte[] ZEROS = new byte[64 * 1024];

    private final ReadPlanner planner;
    private final FrameTables tables;
    private final ReadObserver observer;
    private final ReadSources sources;
    private final StopSwitch stop;

    public ReadPath(
            ReadPlanner planner, FrameTables tables, ReadObserver observer, ReadSources sources, StopSwitch stop) {
        this.planner = planner;
        this.tables = tables;
        this.observer = observer;
        this.sources = sources;
        this.stop = stop;
    }

    public RangeRead prepare(long inode, long offset, int length) throws VolumeException {
        stop.check();
        if (length < 0) {
            throw new IllegalArgumentException("a read of " + length + " bytes");
        }
        if (length == 0) {
            return destination -> {};
        }
        long firstChunk = Long.divideUnsigned(offset, Volume.CHUNK_BYTES);
        int inChunk = (int) Long.remainderUnsigned(offset, Volume.CHUNK_BYTES);
        int count = (int) (((long) inChunk + length - 1) / Volume.CHUNK_BYTES) + 1;
        ChunkRead[] parts = new ChunkRead[count];
        int left = length;
        for (int i = 0; i < count; i++) {
            int from = i == 0 ? inChunk : 0;
            int to = Math.min(Volume.CHUNK_BYTES, from + left);
            parts[i] = planner.plan(new ChunkId(inode, firstChunk + i), from, to);
            left -= to - from;
        }
        return destination -> {
            observer.reading(inode, offset, length);
            fill(parts, destination);
        };
    }

    private void fill(ChunkRead[] parts, ByteBuffer destination) throws VolumeException {
        FrameLayer[][] layers = resolve(parts);
        int base = destination.position();
        for (int i = 0; i < parts.length; i++) {
            ChunkRead part = parts[i];
            int shift = base - part.from();
            if (layers[i].length == 0) {
                zero(destination, base, part.length());
            }
            for (FrameLayer layer : layers[i]) {
                if (layer == null) {
                    continue;
                }
                layer.visit(part.from(), part.to(), (start, length, data, dataOffset) -> {
                    if (data == null) {
                        zero(destination, shift + start, length);
                    } else {
                        destination.put(shift + start, data, dataOffset, length);
                    }
                });
            }
            base += part.length();
        }
        destination.position(base);
    }

    private static void zero(ByteBuffer destination, int at, int length) {
        for (int done = 0; done < length; done += ZEROS.length) {
            destination.put(at + done, ZEROS, 0, Math.min(ZEROS.length, length - done));
        }
    }

    /**
     * Gathers the bytes of all frames that the parts name. May wait for the store.
     *
     * @return for each part its frames, oldest first; null for a frame that the range does not need
     */
    FrameLayer[][] resolve(ChunkRead[] parts) throws VolumeException {
        boolean again = false;
        while (true) {
            stop.check();
            FrameAssembler gathering = new FrameAssembler(sources, tables, true);
            try {
                return gathering.gather(parts);
            } catch (PageFetcher.MissingObjectException e) {
                if (again) {
                    VolumeException lost = new VolumeException(VolumeException.Kind.CORRUPT, e.getMessage(), e);
                    return resolveWithoutDamage(parts, lost);
                }
                // The frames may have been moved, and the object deleted, since the entry was read; or the answer was
                // wrong.
                replan(parts);
                again = true;
            } catch (VolumeException e) {
                if (e.kind() != VolumeException.Kind.CORRUPT) {
                    throw e;
                }
                return resolveWithoutDamage(parts, e);
            }
        }
    }

    /** Gathers without damaged frames whose bytes newer ones have replaced. Each part has its own damage. */
    private FrameLayer[][] resolveWithoutDamage(ChunkRead[] parts, VolumeException damage) throws VolumeException {
        FrameLayer[][] layers = new FrameLayer[parts.length][];
        for (int i = 0; i < parts.length; i++) {
            // All frames of a single part have just failed.
            for (int without = parts.length == 1 ? 1 : 0; layers[i] == null; without++) {
                if (without > 0 && without >= parts[i].frames().size()) {
                    throw damage;
                }
                layers[i] = resolveUnlessDamaged(parts[i].withoutOldest(without));
                if (without > 0 && layers[i] != null && !cover(layers[i], parts[i])) {
                    throw damage;
                }
            }
        }
        return layers;
    }

    /** Returns null if a frame is damaged. */
    private FrameLayer[] resolveUnlessDamaged(ChunkRead part) throws VolumeException {
        try {
            return new FrameAssembler(sources, tables, true).gather(new ChunkRead[] {part})[0];
        } catch (PageFetcher.MissingObjectException e) {
            return null;
        } catch (VolumeException e) {
            if (e.kind() != VolumeException.Kind.CORRUPT) {
                throw e;
            }
            return null;
        }
    }

    private static boolean cover(FrameLayer[] layers, ChunkRead part) {
        BitSet covered = new BitSet(part.to());
        for (FrameLayer layer : layers) {
            if (layer != null) {
                layer.visit(
                        part.from(), part.to(), (start, length, data, offset) -> covered.set(start, start + length));
            }
        }
        return covered.nextClearBit(part.from()) >= part.to();
    }

    /** Gathers frames for compaction, which die by it. Returns exactly these frames or fails. */
    public FrameLayer[] resolveFrozen(ChunkRead part) throws VolumeException {
        try {
            return new FrameAssembler(sources, tables, false).gather(new ChunkRead[] {part})[0];
        } catch (PageFetcher.MissingObjectException e) {
            // Frames that were moved may be deleted since the plan was made. Other missing frames are lost.
            VolumeException.Kind kind =
                    planner.stillNames(part) ? VolumeException.Kind.CORRUPT : VolumeException.Kind.UNAVAILABLE;
            throw new VolumeException(kind, e.getMessage(), e);
        }
    }

    private void replan(ChunkRead[] parts) throws VolumeException {
        for (int i = 0; i < parts.length; i++) {
            ChunkRead before = parts[i];
            parts[i] = planner.plan(before.chunk(), before.from(), before.to());
        }
    }
}
