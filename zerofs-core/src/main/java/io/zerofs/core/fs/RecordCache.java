// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;

/**
 * Decoded records by inode number, and by name within it. Bounded: a set-associative table in which a new record
 * replaces the oldest one of its set. A hit takes no lock and allocates nothing.
 *
 * <p>Coherent with the volume: a writer puts the new record after the volume has it and before it releases the inode's
 * lock. After a miss a reader loads the record under the lock of the set, so it cannot replace a newer record with
 * an older one. A new inode has no lock yet, so its record is put before the volume has it. Between the update of the
 * volume and of this cache, a reader without locks may see the old record a moment longer.
 *
 * @param <V> the record
 */
final class RecordCache<V> {
    private static final int WAYS = 8;

    private final AtomicReferenceArray<Slot<V>> slots;
    private final TurnOfSet[] sets;
    private final Predicate<V> kept;

    RecordCache(int records) {
        this(records, value -> true);
    }

    /**
     * @param records maximum number of records; rounded up to a power of two, at least {@value #WAYS}
     * @param kept whether a record is so small that the number of records bounds the memory
     */
    RecordCache(int records, Predicate<V> kept) {
        this.kept = kept;
        int count = Math.max(1, Integer.highestOneBit(Math.max(1, (records - 1) / WAYS)) * 2);
        slots = new AtomicReferenceArray<>(count * WAYS);
        sets = new TurnOfSet[count];
        for (int i = 0; i < count; i++) {
            sets[i] = new TurnOfSet();
        }
    }

    private record Slot<V>(long number, FileName name, V value) {
        boolean isOf(long otherNumber, FileName otherName) {
            return number == otherNumber && (name == null ? otherName == null : name.equals(otherName));
        }
    }

    /**
     * The lock of a set, and the next of its slots to replace. A monitor, because other locks take memory if another
     * thread holds them: without it a record that was removed would stay. A loader takes no lock of the machine.
     */
    private static final class TurnOfSet {
        private int next;

        int take() {
            int turn = next;
            next = (next + 1) % WAYS;
            return turn;
        }
    }

    /** Reads a record from the volume; null if it has none. */
    interface Loader<V> {
        V load() throws FsException;
    }

    /** Returns the cached record, or null. */
    V find(long number, FileName name) {
        int at = find(setOf(number, name), number, name);
        return at < 0 ? null : valueAt(at, number, name);
    }

    /** Reads a record that the cache does not have, and keeps it. */
    V load(long number, FileName name, Loader<V> loader) throws FsException {
        int set = setOf(number, name);
        synchronized (sets[set]) {
            V value = loader.load();
            if (value != null) {
                place(set, new Slot<>(number, name, value));
            }
            return value;
        }
    }

    void put(long number, FileName name, V value) {
        int set = setOf(number, name);
        synchronized (sets[set]) {
            place(set, new Slot<>(number, name, value));
        }
    }

    void remove(long number, FileName name) {
        int set = setOf(number, name);
        synchronized (sets[set]) {
            int at = find(set, number, name);
            if (at >= 0) {
                slots.set(at, null);
            }
        }
    }

    private void place(int set, Slot<V> slot) {
        int at = find(set, slot.number(), slot.name());
        if (kept.test(slot.value())) {
            slots.set(at >= 0 ? at : set * WAYS + sets[set].take(), slot);
        } else if (at >= 0) {
            slots.set(at, null);
        }
    }

    private int find(int set, long number, FileName name) {
        for (int i = set * WAYS; i < (set + 1) * WAYS; i++) {
            Slot<V> slot = slots.get(i);
            if (slot != null && slot.isOf(number, name)) {
                return i;
            }
        }
        return -1;
    }

    /** Returns the value of a slot, or null if another record replaced it since the search. */
    private V valueAt(int at, long number, FileName name) {
        Slot<V> slot = slots.get(at);
        return slot != null && slot.isOf(number, name) ? slot.value() : null;
    }

    private int setOf(long number, FileName name) {
        long mixed = (number * 31 + (name == null ? 0 : name.hashCode())) * 0x9e3779b97f4a7c15L;
        return (int) (mixed >>> 40) & (sets.length - 1);
    }
}
