// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.seal.ObjectHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Ranges of commits as they are stored: whole blocks come from the disk cache where it has them, and from the store
 * where it has not, into the cache. Thread-safe.
 */
public final class ObjectRanges {
    private static final int BLOCK_BYTES = DiskCache.BLOCK_BYTES;

    /** Blocks between two missing ones that are fetched again rather than paid for with a second request. */
    private static final int BRIDGE_BLOCKS_MAX = 512 * 1024 / BLOCK_BYTES;

    private final ObjectStore store;
    private final DiskCache blocks;

    public ObjectRanges(ObjectStore store, DiskCache blocks) {
        this.store = store;
        this.blocks = blocks;
    }

    /** Waits for the store if not all of it is in the cache. The bytes are shared: nobody changes them. */
    StoredRange read(ObjectHeader object, long from, int length) throws ObjectStoreException {
        if (!blocks.isOn() || length == 0) {
            return fetchRange(object, from, length);
        }
        int first = (int) (from / BLOCK_BYTES);
        int count = (int) ((from + length - 1) / BLOCK_BYTES) - first + 1;
        ByteBuffer[] cached = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            cached[i] = blocks.get(object.salt(), first + i);
        }
        List<ByteBuffer> parts = new ArrayList<>();
        for (int i = 0; i < count; ) {
            if (cached[i] != null) {
                parts.add(cached[i++]);
                continue;
            }
            int end = endOfRun(cached, i);
            ByteBuffer missing = fetchBlocks(object, first + i, end - i);
            if (missing == null) {
                return fetchRange(object, from, length);
            }
            parts.add(missing);
            i = end;
        }
        return new StoredRange((long) first * BLOCK_BYTES, parts);
    }

    /** The end of what one request brings from a missing block on: it passes over a few that are there. */
    private static int endOfRun(ByteBuffer[] cached, int from) {
        int end = from + 1;
        for (int i = end; i < cached.length && i - end <= BRIDGE_BLOCKS_MAX; i++) {
            if (cached[i] == null) {
                end = i + 1;
            }
        }
        return end;
    }

    /** For bytes that turned out to be damaged: drops them from the cache and asks the store once more. */
    StoredRange readAgain(ObjectHeader object, long from, int length) throws ObjectStoreException {
        if (blocks.isOn()) {
            for (long block = from / BLOCK_BYTES; block * BLOCK_BYTES < from + length; block++) {
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

    /** Null if the object ends before: then what is wanted may be there all the same. */
    private ByteBuffer fetchBlocks(ObjectHeader object, int first, int count) throws ObjectStoreException {
        long from = (long) first * BLOCK_BYTES;
        long end = Math.min(object.objectLength(), from + (long) count * BLOCK_BYTES);
        try {
            ByteBuffer bytes = fetch(object, from, (int) (end - from));
            blocks.offer(object.salt(), first, List.of(bytes));
            return bytes;
        } catch (ObjectStoreException e) {
            if (e.kind() == Kind.TRUNCATED) {
                return null;
            }
            throw e;
        }
    }

    private StoredRange fetchRange(ObjectHeader object, long from, int length) throws ObjectStoreException {
        return new StoredRange(from, List.of(fetch(object, from, length)));
    }

    private ByteBuffer fetch(ObjectHeader object, long from, int length) throws ObjectStoreException {
        String name = new CommitId(object.epoch(), object.number()).objectName();
        return store.getRange(name, from, length).bytes();
    }
}
