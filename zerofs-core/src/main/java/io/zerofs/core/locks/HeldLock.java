// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/**
 * A byte-range lock, held or wanted.
 *
 * @param exclusive whether it is a write lock
 * @param handle the handle through which it is taken, and with which it ends
 */
public record HeldLock(ByteRange range, boolean exclusive, LockHolder holder, LockHandle handle) {

    /** Returns whether one lock can replace both locks. */
    boolean merges(HeldLock other) {
        return exclusive == other.exclusive
                && handle == other.handle
                && holder.equals(other.holder)
                && range.joins(other.range);
    }

    HeldLock withRange(ByteRange other) {
        return new HeldLock(other, exclusive, holder, handle);
    }
}
