// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.ninep.wire.LockOwner;

/**
 * A byte-range lock of one owner.
 *
 * @param exclusive whether it is a write lock
 * @param session whose process the owner is: names of machines are not unique, connections are
 * @param fid through which it was taken; it ends with it
 */
record HeldLock(ByteRange range, boolean exclusive, NinePSession session, LockOwner owner, Fid fid) {
    boolean sameOwner(HeldLock other) {
        return session == other.session && owner.equals(other.owner);
    }

    boolean conflicts(HeldLock other) {
        return (exclusive || other.exclusive) && range.overlaps(other.range) && !sameOwner(other);
    }

    /** Whether both can be told as one. */
    boolean merges(HeldLock other) {
        return exclusive == other.exclusive && fid == other.fid && sameOwner(other) && range.joins(other.range);
    }

    HeldLock withRange(ByteRange other) {
        return new HeldLock(other, exclusive, session, owner, fid);
    }
}
