// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.Frame;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The fids of one session. Thread-safe. Closed with the session; a fid that comes later is closed at once. */
final class FidTable {
    private final int fidsMax;
    private final AtomicInteger count;
    private final ByteRangeLocks locks;
    private final ConcurrentHashMap<Integer, Fid> fids = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param count of the fids of all sessions */
    FidTable(int fidsMax, AtomicInteger count, ByteRangeLocks locks) {
        this.fidsMax = fidsMax;
        this.count = count;
        this.locks = locks;
    }

    /** EBADF if there is none. */
    Fid get(int number) {
        Fid fid = fids.get(number);
        if (fid == null) {
            throw new ErrnoException(Errno.EBADF);
        }
        return fid;
    }

    /** Checks that a fid may be added: EBADF if the number is taken or means none, ENFILE if there are too many. */
    void requireFree(int number) {
        if (number == Frame.NO_FID || fids.containsKey(number)) {
            throw new ErrnoException(Errno.EBADF);
        }
        if (count.get() >= fidsMax) {
            throw new ErrnoException(Errno.ENFILE);
        }
    }

    /** Adds a fid, or closes it and throws as {@link #requireFree}. */
    void add(int number, Fid fid) {
        Errno refusal = null;
        if (count.incrementAndGet() > fidsMax) {
            refusal = Errno.ENFILE;
        } else if (number == Frame.NO_FID || fids.putIfAbsent(number, fid) != null) {
            refusal = Errno.EBADF;
        }
        if (refusal != null) {
            count.decrementAndGet();
            fid.close();
            throw new ErrnoException(refusal);
        }
        if (closed) {
            remove(number, fid);
        }
    }

    /** Takes a fid out and closes it, which ends its locks; false if it was not there. */
    boolean remove(int number, Fid fid) {
        if (!fids.remove(number, fid)) {
            return false;
        }
        count.decrementAndGet();
        Fid.State last = fid.close();
        if (last != null && last.use() instanceof Use.OpenFile) {
            locks.release(last.place().inode(), fid);
        }
        return true;
    }

    void close() {
        closed = true;
        fids.forEach(this::remove);
    }
}
