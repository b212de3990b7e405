// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.cache.RegionGrowth.Ahead;
import io.zerofs.storage.cache.RegionGrowth.Region;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/**
 * Reads ranges of commits as they are stored. Whole blocks come from the disk cache or, if they are missing there, from the
 * store and then into the cache. Each block is fetched once, however many readers want it. Small reads also fetch their
 * neighbourhood, see {@link RegionGrowth}. Thread-safe.
 */
public final class ObjectRanges {
    private static final int CACHE_BLOCK_BYTES = DiskCache.CACHE_BLOCK_BYTES;

    /** Maximum number of cached blocks between two missing ones that one request fetches again, to save a second request. */
    private static final int BRIDGE_BLOCKS_MAX = 512 * 1024 / CACHE_BLOCK_BYTES;

    /** Maximum number of blocks of a small read. */
    private static final int SMALL_BLOCKS_MAX = 2;

    /** Number of blocks kept in memory for the next small files of the same block. */
    private static final int RECENT_BLOCKS_MAX = 16;

    /** Number of blocks of which the last small reads touched parts. */
    private static final int TOUCHED_BLOCKS_MAX = 64;

    /** Maximum bytes of an answer that stays in memory for one of its blocks. Blocks of longer answers are copied. */
    private static final int REMEMBERED_BYTES_MAX = 2 * CACHE_BLOCK_BYTES;

    /** Maximum number of regions that are fetched ahead at a time, so that read-ahead does not keep readers from the store. */
    private static final int AHEAD_REQUESTS_MAX = 2;

    /** Maximum number of blocks being fetched that no reader waits for. Together they have 12 MiB. */
    private static final int ADDITIONAL_BLOCKS_MAX = 3 * RegionGrowth.REGION_BLOCKS_MAX;

    /** Finds the objects that were written before and after another one. */
    @FunctionalInterface
    public interface Neighbours {
        /** Returns the header of the object with this number, or null if there is none with data. */
        ObjectHeader object(long number);
    }

    private final ObjectStore store;
    private final DiskCache blocks;
    private final Neighbours neighbours;
    private final Executor requests;
    private final LongSupplier nanoTime;
    private final RegionGrowth growth = new RegionGrowth();
    private final ConcurrentHashMap<Block, CompletableFuture<ByteBuffer>> underWay = new ConcurrentHashMap<>();
    private final Recent<ByteBuffer> recent = new Recent<>(RECENT_BLOCKS_MAX);
    private final Recent<Boolean> touched = new Recent<>(TOUCHED_BLOCKS_MAX);
    private final Semaphore aheadRequests = new Semaphore(AHEAD_REQUESTS_MAX);
    private final Semaphore additionalBlocks = new Semaphore(ADDITIONAL_BLOCKS_MAX);

    private record Block(Salt object, int number) {}

    /** The blocks that small reads used last. A policy that prefers blocks with many reads would drop each new block. */
    private static final class Recent<V> extends LinkedHashMap<Block, V> {
        private static final long serialVersionUID = 1;

        private final int max;

        Recent(int max) {
            super(2 * max, 0.75f, true);
            this.max = max;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Block, V> eldest) {
            return size() > max;
        }
    }

    /**
     * @param neighbours is asked only by tasks of {@code requests}
     * @param requests runs tasks that wait for the store
     * @param nanoTime a monotonic clock
     */
    public ObjectRanges(
            ObjectStore store, DiskCache blocks, Neighbours neighbours, Executor requests, LongSupplier nanoTime) {
        this.store = store;
        this.blocks = blocks;
        this.neighbours = neighbours;
        this.requests = requests;
        this.nanoTime = nanoTime;
    }

    /**
     * Reads a range. Waits for the store if a part of it is not cached. The bytes are shared and must not be changed.
     *
     * @param keep whether clients will probably read the bytes beside the range soon
     */
    StoredRange read(ObjectHeader object, long from, int length, boolean keep) throws ObjectStoreException {
        if (!blocks.isOn() || length == 0) {
            return fetchRange(object, from, length);
        }
        int first = (int) (from / CACHE_BLOCK_BYTES);
        int count = (int) ((from + length - 1) / CACHE_BLOCK_BYTES) - first + 1;
        boolean small = keep && count <= SMALL_BLOCKS_MAX;
        ByteBuffer[] parts = small ? recentBlocks(object, first, count) : null;
        boolean isExact = parts == null && count <= SMALL_BLOCKS_MAX && !(small && isTouchedAgain(object, first));
        ByteBuffer exact = isExact ? blocks.range(object.salt(), from, length) : null;
        if (parts == null && exact == null) {
            parts = new Flight(object, new Region(first, first + count)).run(small);
        }
        if (small) {
            fetchAhead(object, first);
        }
        if (exact != null) {
            return new StoredRange(from, List.of(exact));
        }
        return parts == null
                ? fetchRange(object, from, length)
                : new StoredRange((long) first * CACHE_BLOCK_BYTES, Arrays.asList(parts));
    }

    /** Returns a range if its blocks are among the last that small reads used, else null. Never waits. */
    StoredRange inMemory(ObjectHeader object, long from, int length) {
        int first = (int) (from / CACHE_BLOCK_BYTES);
        int count = (int) ((from + length - 1) / CACHE_BLOCK_BYTES) - first + 1;
        ByteBuffer[] parts = count <= SMALL_BLOCKS_MAX ? recentBlocks(object, first, count) : null;
        if (parts == null) {
            return null;
        }
        fetchAhead(object, first);
        return new StoredRange((long) first * CACHE_BLOCK_BYTES, Arrays.asList(parts));
    }

    /** Returns whether another small read has touched the block lately. Then the whole block will probably be of use. */
    private boolean isTouchedAgain(ObjectHeader object, int block) {
        synchronized (touched) {
            return touched.put(new Block(object.salt(), block), true) != null;
        }
    }

    private ByteBuffer[] recentBlocks(ObjectHeader object, int first, int count) {
        ByteBuffer[] parts = new ByteBuffer[count];
        synchronized (recent) {
            for (int i = 0; i < count; i++) {
                parts[i] = recent.get(new Block(object.salt(), first + i));
                if (parts[i] == null) {
                    return null;
                }
            }
        }
        return parts;
    }

    /** Fetches the next region of a reader that walks through objects and has come to this block. */
    private void fetchAhead(ObjectHeader object, int block) {
        boolean mayFetch = aheadRequests.tryAcquire();
        boolean isStarted = false;
        try {
            Ahead ahead = growth.read(object, block, mayFetch, nanoTime.getAsLong());
            if (ahead.direction() != 0) {
                requests.execute(() -> runAhead(object, ahead));
                isStarted = true;
            }
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            // No thread is available: the reader fetches the blocks when it needs them.
        } finally {
            if (mayFetch && !isStarted) {
                aheadRequests.release();
            }
        }
    }

    private void runAhead(ObjectHeader object, Ahead ahead) {
        try {
            ObjectHeader from = object;
            Region region = ahead.region();
            for (int i = 1; region.count() == 0 && i <= RegionGrowth.NEIGHBOURS_MAX; i++) {
                from = neighbours.object(object.number() + (long) i * ahead.direction());
                region = from == null ? region : growth.entered(from, ahead.direction(), nanoTime.getAsLong());
            }
            if (region.count() > 0) {
                new Flight(from, region).runAhead(ahead.direction());
            }
        } catch (ObjectStoreException e) {
            // A reader of these blocks sends its own request and gets the failure.
        } finally {
            aheadRequests.release();
        }
    }

    /** Drops damaged bytes from the cache and reads them from the store again. */
    StoredRange readAgain(ObjectHeader object, long from, int length) throws ObjectStoreException {
        if (blocks.isOn()) {
            for (long block = from / CACHE_BLOCK_BYTES; block * CACHE_BLOCK_BYTES < from + length; block++) {
                synchronized (recent) {
                    recent.remove(new Block(object.salt(), (int) block));
                }
                blocks.forget(object.salt(), (int) block);
            }
        }
        return fetchRange(object, from, length);
    }

    /** Keeps the data of a commit that was just stored, because clients will probably read it. */
    public void keep(SealedCommit commit) {
        ObjectHeader header = commit.frames().header();
        if (!blocks.isOn() || header.dataOffset() == header.objectLength()) {
            return;
        }
        int first = (int) (header.dataOffset() / CACHE_BLOCK_BYTES);
        long skipped = (long) first * CACHE_BLOCK_BYTES;
        List<ByteBuffer> pieces = new ArrayList<>();
        for (ByteBuffer piece : commit.bytes()) {
            int skip = (int) Math.min(skipped, piece.remaining());
            skipped -= skip;
            if (skip < piece.remaining()) {
                pieces.add(piece.slice(piece.position() + skip, piece.remaining() - skip));
            }
        }
        blocks.offer(header.salt(), first, pieces);
    }

    private StoredRange fetchRange(ObjectHeader object, long from, int length) throws ObjectStoreException {
        return new StoredRange(from, List.of(fetch(object, from, length)));
    }

    private ByteBuffer fetch(ObjectHeader object, long from, int length) throws ObjectStoreException {
        String name = new CommitId(object.epoch(), object.number()).objectName();
        return store.getRange(name, from, length).bytes();
    }

    /**
     * One caller's fetch of the blocks that it wants. It registers the blocks that no other caller fetches as its own, so that
     * other callers wait for them. Confined to one thread.
     */
    private final class Flight {
        private final ObjectHeader object;
        private final Region wanted;
        /** The bytes of each wanted block. */
        private final ByteBuffer[] found;

        /** For each wanted block, the promise of another caller, or null. */
        private final List<CompletableFuture<ByteBuffer>> others = new ArrayList<>(2);

        private final TreeMap<Integer, CompletableFuture<ByteBuffer>> own = new TreeMap<>();
        private final boolean isSecond;
        private boolean isTruncated;
        private int additional;
        private ObjectStoreException failure;

        Flight(ObjectHeader object, Region wanted) {
            this(object, wanted, false);
        }

        /** @param isSecond whether it follows a failed fetch; callers that wait for this one share its failure */
        private Flight(ObjectHeader object, Region wanted, boolean isSecond) {
            this.object = object;
            this.isSecond = isSecond;
            this.wanted = wanted;
            this.found = new ByteBuffer[wanted.count()];
        }

        /** Fetches the blocks. Returns null if the object ends before the last block; the caller's range may still exist. */
        ByteBuffer[] run(boolean grows) throws ObjectStoreException {
            try {
                for (int block = wanted.first(); block < wanted.end(); block++) {
                    CompletableFuture<ByteBuffer> other = take(block);
                    others.add(other);
                    ByteBuffer bytes = other == null ? blocks.get(object.salt(), block) : null;
                    if (bytes != null) {
                        arrived(block, bytes);
                        remember(block, bytes, grows);
                    }
                }
                if (!own.isEmpty()) {
                    if (grows) {
                        grow();
                    }
                    fetchOwn(grows);
                }
            } finally {
                settle();
            }
            for (int i = 0; i < found.length && !isTruncated; i++) {
                if (found[i] == null) {
                    found[i] = await(others.get(i), wanted.first() + i);
                }
            }
            return isTruncated ? null : found;
        }

        /** Fetches the blocks up to the first that is cached or being fetched, in this direction. */
        void runAhead(int direction) throws ObjectStoreException {
            try {
                int block = direction > 0 ? wanted.first() : wanted.end() - 1;
                while (block >= wanted.first() && block < wanted.end() && isTaken(block)) {
                    block += direction;
                }
                if (!own.isEmpty()) {
                    noteGrowth(direction > 0 ? own.firstKey() - 1 : own.lastKey() + 1);
                    fetchOwn(false);
                }
            } finally {
                settle();
            }
        }

        /** Returns null if this caller has to fetch the block, else the promise of another caller. */
        private CompletableFuture<ByteBuffer> take(int block) {
            CompletableFuture<ByteBuffer> mine = new CompletableFuture<>();
            // Registered before another caller can wait for it.
            own.put(block, mine);
            CompletableFuture<ByteBuffer> other = underWay.putIfAbsent(new Block(object.salt(), block), mine);
            if (other != null) {
                own.remove(block);
            }
            return other;
        }

        /** Adds missing neighbours, up to the first cached one. */
        private void grow() {
            int missed = own.firstKey();
            Region region = growth.missed(object, missed, nanoTime.getAsLong());
            for (int block = missed - 1; block >= region.first() && isTaken(block); ) {
                block--;
            }
            for (int block = own.lastKey() + 1; block < region.end() && isTaken(block); ) {
                block++;
            }
            noteGrowth(missed);
        }

        private void noteGrowth(int missed) {
            growth.fetching(object, new Region(own.firstKey(), own.lastKey() + 1), missed, nanoTime.getAsLong());
        }

        /** Takes a block that no reader waits for, if there is room for it and no other caller has it. */
        private boolean isTaken(int block) {
            if (blocks.has(object.salt(), block) || !additionalBlocks.tryAcquire()) {
                return false;
            }
            additional++;
            return take(block) == null;
        }

        private void fetchOwn(boolean remembers) throws ObjectStoreException {
            while (!own.isEmpty() && !isTruncated) {
                int first = own.firstKey();
                int end = first + 1;
                for (Integer next = first;
                        next != null && next - end <= BRIDGE_BLOCKS_MAX;
                        next = own.higherKey(next)) {
                    end = next + 1;
                }
                fetch(first, end, remembers);
            }
        }

        private void fetch(int first, int end, boolean remembers) throws ObjectStoreException {
            long from = (long) first * CACHE_BLOCK_BYTES;
            int length = (int) (Math.min(object.objectLength(), (long) end * CACHE_BLOCK_BYTES) - from);
            ByteBuffer bytes;
            try {
                bytes = ObjectRanges.this.fetch(object, from, length);
            } catch (ObjectStoreException e) {
                if (e.kind() != Kind.TRUNCATED) {
                    failure = e;
                    throw e;
                }
                isTruncated = true;
                return;
            }
            // Offered first, so that a reader that comes after the fetch finds the blocks there.
            blocks.offer(object.salt(), first, List.of(bytes));
            for (int block = first; block < end; block++) {
                int at = (block - first) * CACHE_BLOCK_BYTES;
                ByteBuffer part = bytes.slice(bytes.position() + at, Math.min(CACHE_BLOCK_BYTES, length - at));
                arrived(block, part);
                remember(block, part, remembers);
            }
        }

        private void arrived(int block, ByteBuffer bytes) {
            if (block >= wanted.first() && block < wanted.end()) {
                found[block - wanted.first()] = bytes;
            }
            CompletableFuture<ByteBuffer> mine = own.remove(block);
            if (mine != null) {
                mine.complete(bytes);
                underWay.remove(new Block(object.salt(), block), mine);
            }
        }

        private void remember(int block, ByteBuffer bytes, boolean isSmall) {
            if (isSmall && wanted.contains(block)) {
                boolean isLong = !bytes.hasArray() || bytes.array().length > REMEMBERED_BYTES_MAX;
                ByteBuffer kept = isLong
                        ? ByteBuffer.allocate(bytes.remaining())
                                .put(bytes.duplicate())
                                .flip()
                        : bytes;
                synchronized (recent) {
                    recent.put(new Block(object.salt(), block), kept);
                }
            }
        }

        /** Ends all promises after any exception, so that no other caller waits for this one. */
        private void settle() {
            own.forEach((block, mine) -> {
                // In this order, so that waiting readers do not find it again.
                underWay.remove(new Block(object.salt(), block), mine);
                if (isSecond && failure != null) {
                    mine.completeExceptionally(failure);
                } else {
                    mine.complete(null);
                }
            });
            own.clear();
            additionalBlocks.release(additional);
            additional = 0;
        }

        /**
         * Waits for another caller's block. If that caller fails, fetches the block itself, because the failure may concern only
         * that caller. Does so only once. Otherwise many readers would ask an absent store one after the other.
         */
        private ByteBuffer await(CompletableFuture<ByteBuffer> other, int block) throws ObjectStoreException {
            try {
                ByteBuffer bytes = other == null ? null : Machine.current().await(other);
                if (bytes != null) {
                    return bytes;
                }
                ByteBuffer[] again = new Flight(object, new Region(block, block + 1), true).run(false);
                isTruncated |= again == null;
                return again == null ? null : again[0];
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ObjectStoreException(Kind.UNAVAILABLE, "interrupted while waiting for the store", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof ObjectStoreException shared) {
                    throw new ObjectStoreException(shared.kind(), shared.getMessage(), shared);
                }
                throw new IllegalStateException("a fetch ends with bytes, null or the store's failure", e);
            }
        }
    }
}
