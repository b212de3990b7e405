// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
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
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Ranges of commits as they are stored: whole blocks come from the disk cache where it has them, and from the store
 * where it has not, into the cache. A block that is under way is fetched once, however many readers want it. Small reads
 * fetch their neighbourhood along, see {@link RegionGrowth}. Thread-safe.
 */
public final class ObjectRanges {
    private static final int BLOCK_BYTES = DiskCache.BLOCK_BYTES;

    /** Blocks between two missing ones that are fetched again rather than paid for with a second request. */
    private static final int BRIDGE_BLOCKS_MAX = 512 * 1024 / BLOCK_BYTES;

    /** Reads of up to so many blocks are small. */
    private static final int SMALL_BLOCKS_MAX = 2;

    /** Blocks in memory for the next small files of the same block. */
    private static final int RECENT_BLOCKS_MAX = 16;

    /** Longest answer of the store of which a block is kept in memory. */
    private static final int REMEMBERED_BLOCKS_MAX = 4;

    private final ObjectStore store;
    private final DiskCache blocks;
    private final Executor requests;
    private final LongSupplier nanoTime;
    private final RegionGrowth growth = new RegionGrowth();
    private final ConcurrentHashMap<Block, CompletableFuture<ByteBuffer>> underWay = new ConcurrentHashMap<>();
    private final Cache<Block, ByteBuffer> recent = Caffeine.newBuilder()
            .executor(Runnable::run)
            .maximumSize(RECENT_BLOCKS_MAX)
            .build();
    private final AtomicBoolean isFetchingAhead = new AtomicBoolean();

    private record Block(Salt object, int number) {}

    /**
     * @param requests runs tasks that wait for the store
     * @param nanoTime a monotonic clock
     */
    public ObjectRanges(ObjectStore store, DiskCache blocks, Executor requests, LongSupplier nanoTime) {
        this.store = store;
        this.blocks = blocks;
        this.requests = requests;
        this.nanoTime = nanoTime;
    }

    /**
     * Waits for the store if not all of it is in the cache. The bytes are shared: nobody changes them.
     *
     * @param keep whether what is beside the range is likely to be read soon
     */
    StoredRange read(ObjectHeader object, long from, int length, boolean keep) throws ObjectStoreException {
        if (!blocks.isOn() || length == 0) {
            return fetchRange(object, from, length);
        }
        int first = (int) (from / BLOCK_BYTES);
        int count = (int) ((from + length - 1) / BLOCK_BYTES) - first + 1;
        boolean small = keep && count <= SMALL_BLOCKS_MAX;
        ByteBuffer[] parts = small ? recentBlocks(object, first, count) : null;
        if (parts == null) {
            parts = new Flight(object, new Region(first, first + count)).run(small);
        }
        if (small) {
            fetchAhead(object, growth.read(object, first, nanoTime.getAsLong()));
        }
        return parts == null
                ? fetchRange(object, from, length)
                : new StoredRange((long) first * BLOCK_BYTES, Arrays.asList(parts));
    }

    private ByteBuffer[] recentBlocks(ObjectHeader object, int first, int count) {
        ByteBuffer[] parts = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            parts[i] = recent.getIfPresent(new Block(object.salt(), first + i));
            if (parts[i] == null) {
                return null;
            }
        }
        return parts;
    }

    /** One region at a time: what is fetched ahead must not keep readers from the store. */
    private void fetchAhead(ObjectHeader object, Region region) {
        if (region.count() == 0 || !isFetchingAhead.compareAndSet(false, true)) {
            return;
        }
        try {
            requests.execute(() -> {
                try {
                    new Flight(object, region).runAhead();
                } catch (ObjectStoreException e) {
                    // A reader of these blocks asks again, and gets the failure.
                } finally {
                    isFetchingAhead.set(false);
                }
            });
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            isFetchingAhead.set(false);
        }
    }

    /** For bytes that turned out to be damaged: drops them from the cache and asks the store once more. */
    StoredRange readAgain(ObjectHeader object, long from, int length) throws ObjectStoreException {
        if (blocks.isOn()) {
            for (long block = from / BLOCK_BYTES; block * BLOCK_BYTES < from + length; block++) {
                recent.invalidate(new Block(object.salt(), (int) block));
                blocks.forget(object.salt(), (int) block);
            }
        }
        return fetchRange(object, from, length);
    }

    /** What was just stored is likely to be read: keeps its data. */
    public void keep(SealedCommit commit) {
        ObjectHeader header = commit.frames().header();
        if (!blocks.isOn() || header.dataOffset() == header.objectLength()) {
            return;
        }
        int first = (int) (header.dataOffset() / BLOCK_BYTES);
        long skipped = (long) first * BLOCK_BYTES;
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
     * One caller's way to the blocks that it wants. Those that nobody else fetches are noted as its own, so that others wait
     * for them. Confined to one thread.
     */
    private final class Flight {
        private final ObjectHeader object;
        private final Region wanted;
        /** Bytes of wanted blocks. */
        private final ByteBuffer[] found;

        /** For each wanted block, the promise of another caller, or null. */
        private final List<CompletableFuture<ByteBuffer>> others = new ArrayList<>(2);

        private final TreeMap<Integer, CompletableFuture<ByteBuffer>> own = new TreeMap<>();
        private final boolean isSecond;
        private boolean isTruncated;
        private ObjectStoreException failure;

        Flight(ObjectHeader object, Region wanted) {
            this(object, wanted, false);
        }

        /** @param isSecond whether it follows one that failed; callers that wait for this one share its failure */
        private Flight(ObjectHeader object, Region wanted, boolean isSecond) {
            this.object = object;
            this.isSecond = isSecond;
            this.wanted = wanted;
            this.found = new ByteBuffer[wanted.count()];
        }

        /** Returns null if the object ends before the last block does: the caller's range may be there all the same. */
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

        /** Fetches those that are neither here nor on their way. */
        void runAhead() throws ObjectStoreException {
            try {
                for (int block = wanted.first(); block < wanted.end(); block++) {
                    if (!blocks.has(object.salt(), block)) {
                        take(block);
                    }
                }
                fetchOwn(false);
            } finally {
                settle();
            }
        }

        /** Returns null if the block is this caller's to bring, else the promise of another one. */
        private CompletableFuture<ByteBuffer> take(int block) {
            CompletableFuture<ByteBuffer> mine = new CompletableFuture<>();
            // Noted before anybody can wait for it.
            own.put(block, mine);
            CompletableFuture<ByteBuffer> other = underWay.putIfAbsent(new Block(object.salt(), block), mine);
            if (other != null) {
                own.remove(block);
            }
            return other;
        }

        /** Adds neighbours that are not here, up to the first that is. */
        private void grow() {
            Region region = growth.missed(object, own.firstKey(), nanoTime.getAsLong());
            for (int block = own.firstKey() - 1; block >= region.first() && isTaken(block); ) {
                block--;
            }
            for (int block = own.lastKey() + 1; block < region.end() && isTaken(block); ) {
                block++;
            }
        }

        private boolean isTaken(int block) {
            return !blocks.has(object.salt(), block) && take(block) == null;
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
            long from = (long) first * BLOCK_BYTES;
            int length = (int) (Math.min(object.objectLength(), (long) end * BLOCK_BYTES) - from);
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
            // Offered first: a reader that comes when the blocks are no longer under way finds them there.
            blocks.offer(object.salt(), first, List.of(bytes));
            for (int block = first; block < end; block++) {
                int at = (block - first) * BLOCK_BYTES;
                ByteBuffer part = bytes.slice(bytes.position() + at, Math.min(BLOCK_BYTES, length - at));
                arrived(block, part);
                // What is remembered keeps all that came with it in memory.
                remember(block, part, remembers && end - first <= REMEMBERED_BLOCKS_MAX);
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
            if (isSmall && block >= wanted.first() && block < wanted.end()) {
                recent.put(new Block(object.salt(), block), bytes);
            }
        }

        /** Whatever was thrown, nobody waits for this caller any more. */
        private void settle() {
            own.forEach((block, mine) -> {
                // In this order, so that readers that waited do not find it again.
                underWay.remove(new Block(object.salt(), block), mine);
                if (isSecond && failure != null) {
                    mine.completeExceptionally(failure);
                } else {
                    mine.complete(null);
                }
            });
            own.clear();
        }

        /**
         * The block as somebody else brings it, else from the store: that one may have failed for reasons of its own. Once
         * only: many readers would else ask a store that is away one after the other.
         */
        private ByteBuffer await(CompletableFuture<ByteBuffer> other, int block) throws ObjectStoreException {
            try {
                ByteBuffer bytes = other == null ? null : other.get();
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
                throw new IllegalStateException("blocks under way end with bytes, null or the store's failure", e);
            }
        }
    }
}
