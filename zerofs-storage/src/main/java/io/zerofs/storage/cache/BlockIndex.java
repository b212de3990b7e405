// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;

/**
 * A map from hashes of blocks to places of 63 bits. Each entry has a mark that it was used. It takes 24 to 48 bytes per
 * entry, while a map of objects takes 100. Linear probing over a power of two, at most three quarters full. Thread-safe.
 */
final class BlockIndex {
    static final long NOWHERE = -1;

    private static final int FIRST_SLOTS = 1 << 10;
    private static final long USED = 1L << 63;
    /** Marks a free place in the table, so no hash may have this value. */
    private static final long FREE = 0;

    private long[] hashes = new long[FIRST_SLOTS];
    private long[] places = new long[FIRST_SLOTS];
    private int size;

    /** Marks an entry as used and returns its place; {@link #NOWHERE} if it is missing. */
    synchronized long use(long hash) {
        int slot = slotOf(hash);
        if (hashes[slot] == FREE) {
            return NOWHERE;
        }
        places[slot] |= USED;
        return places[slot] & ~USED;
    }

    /** Returns the place of an entry without marking it. */
    synchronized long place(long hash) {
        int slot = slotOf(hash);
        return hashes[slot] == FREE ? NOWHERE : places[slot] & ~USED;
    }

    /** Returns whether the entry is at this place and was used since it got there. */
    synchronized boolean isUsed(long hash, long place) {
        int slot = slotOf(hash);
        return hashes[slot] != FREE && places[slot] == (place | USED);
    }

    synchronized void put(long hash, long place) {
        if ((size + 1) * 4L > hashes.length * 3L) {
            grow();
        }
        int slot = slotOf(hash);
        if (hashes[slot] == FREE) {
            hashes[slot] = nonFree(hash);
            size++;
        }
        places[slot] = place;
    }

    /** Removes the entry if it is at this place. */
    synchronized void remove(long hash, long place) {
        int slot = slotOf(hash);
        if (hashes[slot] == FREE || (places[slot] & ~USED) != place) {
            return;
        }
        size--;
        // Displaced entries after it move up, so that no search ends too early.
        int mask = hashes.length - 1;
        int gap = slot;
        for (int next = gap + 1 & mask; hashes[next] != FREE; next = next + 1 & mask) {
            int home = homeOf(hashes[next]);
            if ((next - home & mask) >= (next - gap & mask)) {
                hashes[gap] = hashes[next];
                places[gap] = places[next];
                gap = next;
            }
        }
        hashes[gap] = FREE;
    }

    synchronized int size() {
        return size;
    }

    /** Returns the hash of a block. Salts are random, so their first bytes are as good as a hash. */
    static long hashOf(Salt object, int block) {
        ByteBuffer salt = ByteBuffer.allocate(Salt.BYTES);
        object.write(salt);
        return salt.getLong(0) ^ block * 0xD6E8FEB86659FD93L;
    }

    private static long nonFree(long hash) {
        return hash == FREE ? 1 : hash;
    }

    private int homeOf(long hash) {
        long mixed = hash * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & hashes.length - 1;
    }

    private int slotOf(long hash) {
        long wanted = nonFree(hash);
        int slot = homeOf(wanted);
        while (hashes[slot] != FREE && hashes[slot] != wanted) {
            slot = slot + 1 & hashes.length - 1;
        }
        return slot;
    }

    private void grow() {
        long[] oldHashes = hashes;
        long[] oldPlaces = places;
        hashes = new long[oldHashes.length * 2];
        places = new long[hashes.length];
        for (int i = 0; i < oldHashes.length; i++) {
            if (oldHashes[i] != FREE) {
                int slot = slotOf(oldHashes[i]);
                hashes[slot] = oldHashes[i];
                places[slot] = oldPlaces[i];
            }
        }
    }
}
