// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.locks.ByteRangeLocks;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import java.util.concurrent.ConcurrentHashMap;

/** The fids of one session, which closes the table. A fid that is added later is closed at once. Thread-safe. */
final class FidTable {
    private final Allowance memory;
    private final ByteRangeLocks locks;
    private final ConcurrentHashMap<Integer, Fid> fids = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param memory the client's share of memory for fids */
    FidTable(Allowance memory, ByteRangeLocks locks) {
        this.memory = memory;
        this.locks = locks;
    }

    boolean isEmpty() {
        return fids.isEmpty();
    }

    /** Returns a fid; EBADF if there is none with this number. */
    Fid get(int number) {
        Fid fid = fids.get(number);
        if (fid == null) {
            throw new ErrnoException(Errno.EBADF);
        }
        return fid;
    }

    /** Checks that a number is free: EBADF if a fid has it or it is {@link MessageHeader#NO_FID}. */
    void requireFree(int number) {
        if (number == MessageHeader.NO_FID || fids.containsKey(number)) {
            throw new ErrnoException(Errno.EBADF);
        }
    }

    /** Adds a fid, or closes it and throws as {@link #requireFree}, or ENFILE if the client's share is used up. */
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

    /** Checks that the client's fids may take more bytes, before a request changes anything; ENFILE if they may not. */
    void requireRoom(int bytes) {
        memory.take(bytes);
        memory.give(bytes);
    }

    /** Changes a fid. Returns false if another request did so meanwhile. ENFILE if the fid would take too much memory. */
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

    /** Removes a fid and closes it, which ends its locks. Returns false if the table does not have the fid. */
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
