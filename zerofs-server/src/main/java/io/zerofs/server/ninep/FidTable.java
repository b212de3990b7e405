// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.locks.ByteRangeLocks;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import java.util.concurrent.ConcurrentHashMap;

/** The fids of one session. Thread-safe. Closed with the session; a fid that comes later is closed at once. */
final class FidTable {
    private final Allowance memory;
    private final ByteRangeLocks locks;
    private final ConcurrentHashMap<Integer, Fid> fids = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param memory that the fids of the client may take */
    FidTable(Allowance memory, ByteRangeLocks locks) {
        this.memory = memory;
        this.locks = locks;
    }

    boolean isEmpty() {
        return fids.isEmpty();
    }

    /** EBADF if there is none. */
    Fid get(int number) {
        Fid fid = fids.get(number);
        if (fid == null) {
            throw new ErrnoException(Errno.EBADF);
        }
        return fid;
    }

    /** Checks that a fid may be added: EBADF if the number is taken or means none. */
    void requireFree(int number) {
        if (number == MessageHeader.NO_FID || fids.containsKey(number)) {
            throw new ErrnoException(Errno.EBADF);
        }
    }

    /** Adds a fid, or closes it and throws as {@link #requireFree}, or ENFILE if the client has too many. */
    void add(int number, Fid fid) {
        int bytes = fid.binding().bytes();
        boolean added = false;
        try {
            memory.take(bytes);
            try {
                requireFree(number);
                added = fids.putIfAbsent(number, fid) == null;
            } finally {
                if (!added) {
                    memory.give(bytes);
                }
            }
        } finally {
            if (!added) {
                fid.close();
            }
        }
        if (!added) {
            throw new ErrnoException(Errno.EBADF);
        }
        if (closed) {
            remove(number, fid);
        }
    }

    /** Checks that fids may take so much more: ENFILE, before a request that wants it has changed anything. */
    void requireRoom(int bytes) {
        memory.take(bytes);
        memory.give(bytes);
    }

    /** Changes the state of a fid; false if another request did so meanwhile. ENFILE if that takes too much memory. */
    boolean become(Fid fid, Fid.Binding before, Fid.Binding next) {
        int more = next.bytes() - before.bytes();
        if (more > 0) {
            memory.take(more);
        }
        boolean changed = fid.become(before, next);
        if (changed ? more < 0 : more > 0) {
            memory.give(Math.abs(more));
        }
        return changed;
    }

    /** Takes a fid out and closes it, which ends its locks; false if it was not there. */
    boolean remove(int number, Fid fid) {
        if (!fids.remove(number, fid)) {
            return false;
        }
        Fid.Binding last = fid.close();
        memory.give(last.bytes());
        if (last.state() instanceof FidState.OpenFile) {
            locks.release(last.path().inode(), fid);
        }
        return true;
    }

    void close() {
        closed = true;
        fids.forEach(this::remove);
    }
}
