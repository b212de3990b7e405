// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.locks.Lock;

/**
 * Locks for chunks, and a cache of their entries under the same locks. Stripes are taken in ascending order and held for
 * microseconds. All changes of chunk entries go through here, so the cache needs no other invalidation.
 */
public final class ChunkStripes {
    private static final int STRIPES = 1024;

    private record Cached(ChunkId chunk, ChunkEntry entry) {}

    private final RocksIndex index;
    private final Lock[] locks = new Lock[STRIPES];
    // Direct-mapped; a cell belongs to the stripe of its lowest bits.
    private final Cached[] cells;

    /** @param entriesMax a power of two, at least {@value #STRIPES} */
    public ChunkStripes(RocksIndex index, int entriesMax) {
        this.index = index;
        this.cells = new Cached[Math.max(STRIPES, Integer.highestOneBit(entriesMax))];
        Machine machine = Machine.current();
        Arrays.setAll(locks, stripe -> machine.newLock());
    }

    public void lock(ChunkId chunk) {
        locks[stripe(chunk)].lock();
    }

    public void unlock(ChunkId chunk) {
        locks[stripe(chunk)].unlock();
    }

    /** @return the argument of {@link #unlockAll} */
    public int[] lockAll(Collection<ChunkId> chunks) {
        int[] stripes = new int[chunks.size()];
        int count = 0;
        for (ChunkId chunk : chunks) {
            stripes[count++] = stripe(chunk);
        }
        // Two chunks of one stripe lock it twice.
        Arrays.sort(stripes);
        for (int stripe : stripes) {
            locks[stripe].lock();
        }
        return stripes;
    }

    public void unlockAll(int[] stripes) {
        for (int i = stripes.length - 1; i >= 0; i--) {
            locks[stripes[i]].unlock();
        }
    }

    /**
     * Loads entries into memory for {@link #entryNow}. Inside the gate a read of the disk would delay every cut, also on
     * event loops, and it would be too late to continue on a thread that may wait.
     *
     * @throws io.zerofs.core.waiting.WouldBlockException as {@link #entry}
     */
    public void bring(Collection<ChunkId> chunks) throws VolumeException {
        for (ChunkId chunk : chunks) {
            lock(chunk);
            try {
                entry(chunk);
            } finally {
                unlock(chunk);
            }
        }
    }

    /**
     * Returns the entry of a chunk whose stripe the caller holds.
     *
     * @throws io.zerofs.core.waiting.WouldBlockException on a thread that never waits, if the read needs the disk
     */
    public ChunkEntry entry(ChunkId chunk) throws VolumeException {
        Cached cached = cells[cell(chunk)];
        return cached != null && cached.chunk.equals(chunk) ? cached.entry : keep(chunk, index.get(key(chunk)));
    }

    /** Returns the entry, also on a thread that never waits: there it is too late to change the thread. */
    public ChunkEntry entryNow(ChunkId chunk) throws VolumeException {
        Cached cached = cells[cell(chunk)];
        return cached != null && cached.chunk.equals(chunk) ? cached.entry : keep(chunk, index.getNow(key(chunk)));
    }

    private static byte[] key(ChunkId chunk) {
        return IndexKeys.chunk(chunk.inode(), chunk.index());
    }

    private ChunkEntry keep(ChunkId chunk, byte[] encoded) throws VolumeException {
        ChunkEntry entry = ChunkEntry.decode(encoded);
        put(chunk, entry);
        return entry;
    }

    /** Notes the index's new entry. The caller holds the stripe. */
    public void put(ChunkId chunk, ChunkEntry entry) {
        cells[cell(chunk)] = new Cached(chunk, entry);
    }

    private int cell(ChunkId chunk) {
        return hash(chunk) & (cells.length - 1);
    }

    private static int stripe(ChunkId chunk) {
        return hash(chunk) & (STRIPES - 1);
    }

    private static int hash(ChunkId chunk) {
        // Neighbouring chunks of a file fall on different stripes; files are spread by Fibonacci hashing.
        long mixed = (chunk.inode() * 0x9E3779B97F4A7C15L >>> 20) + chunk.index();
        return (int) (mixed ^ mixed >>> 32);
    }
}
