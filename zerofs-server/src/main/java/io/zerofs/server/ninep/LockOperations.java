// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.locks.ByteRange;
import io.zerofs.core.locks.ByteRangeLocks;
import io.zerofs.core.locks.HeldLock;
import io.zerofs.core.locks.LockHolder;
import io.zerofs.core.locks.LockOutcome;
import io.zerofs.core.locks.LockWaiter;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.LockOwner;
import io.zerofs.server.ninep.wire.LockRange;
import io.zerofs.server.ninep.wire.LockStatus;
import io.zerofs.server.ninep.wire.LockType;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;

/** Tlock and Tgetlock, on regular files that are open. */
final class LockOperations implements NinePHandler.Locks<Reply, FsException> {
    private final NinePSession session;
    private final ByteRangeLocks locks;

    LockOperations(NinePSession session) {
        this.session = session;
        this.locks = session.locks();
    }

    /**
     * Takes or ends a lock. A request that may block waits here for a few seconds. So it gets a busy lock as soon as the
     * lock is free, and not when the client asks again half a minute later. The wait is short because the client's program
     * notices no signal meanwhile: a timer that ends the program's wait would be late. RECLAIM makes no difference: after a
     * restart of the server there is no connection that could reclaim.
     */
    @Override
    public Reply lock(Tmessage.Tlock request) {
        Fid fid = session.fids().get(request.fid());
        InodeId inode = openFile(fid);
        HeldLock wanted = wanted(fid, request.lock(), request.range(), request.owner());
        if (request.lock() == LockType.UNLOCK) {
            locks.unlock(inode, wanted);
            return answer(LockOutcome.GRANTED);
        }
        if ((request.flags() & Tmessage.Tlock.BLOCK) != 0) {
            LockWaiter waiter = locks.tryWait(inode, wanted);
            if (waiter != null) {
                return new Reply.Later(waiter.outcome().thenApply(LockOperations::message), () -> locks.cancel(waiter));
            }
        }
        return answer(locks.tryLock(inode, wanted));
    }

    private static Reply answer(LockOutcome outcome) {
        return Reply.now(message(outcome));
    }

    private static Rmessage message(LockOutcome outcome) {
        return new Rmessage.Rlock(
                switch (outcome) {
                    case GRANTED -> LockStatus.SUCCESS;
                    case BLOCKED -> LockStatus.BLOCKED;
                    case REFUSED -> LockStatus.ERROR;
                });
    }

    /** Returns a conflicting lock. Linux asks with UNLOCK for every kind of lock, so the answer is that for a write lock. */
    @Override
    public Reply getLock(Tmessage.Tgetlock request) {
        Fid fid = session.fids().get(request.fid());
        InodeId inode = openFile(fid);
        LockType type = request.lock() == LockType.READ ? LockType.READ : LockType.WRITE;
        HeldLock found = locks.conflicting(inode, wanted(fid, type, request.range(), request.owner()));
        return Reply.now(
                found == null
                        ? new Rmessage.Rgetlock(LockType.UNLOCK, request.range(), request.owner())
                        : new Rmessage.Rgetlock(
                                found.exclusive() ? LockType.WRITE : LockType.READ,
                                onWire(found.range()),
                                new LockOwner(
                                        found.holder().process(), found.holder().machine())));
    }

    private static InodeId openFile(Fid fid) {
        Fid.Binding binding = fid.binding();
        if (!(binding.state() instanceof FidState.OpenFile)) {
            throw new ErrnoException(Errno.EBADF);
        }
        return binding.path().inode();
    }

    private HeldLock wanted(Fid fid, LockType type, LockRange range, LockOwner owner) {
        LockHolder holder = new LockHolder(session, owner.process(), owner.client());
        return new HeldLock(bytes(range), type == LockType.WRITE, holder, fid);
    }

    /** Returns the bytes of a range; EINVAL if it begins or ends beyond the largest offset. */
    private static ByteRange bytes(LockRange range) {
        if (range.start() < 0 || range.length() < 0) {
            throw new ErrnoException(Errno.EINVAL);
        }
        if (range.length() == 0) {
            return new ByteRange(range.start(), ByteRange.END);
        }
        long last = range.start() + (range.length() - 1);
        if (last < 0) {
            throw new ErrnoException(Errno.EINVAL);
        }
        return new ByteRange(range.start(), last);
    }

    private static LockRange onWire(ByteRange range) {
        return new LockRange(range.first(), range.last() == ByteRange.END ? 0 : range.last() - range.first() + 1);
    }
}
