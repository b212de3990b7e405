// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.locks.LockHandle;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.ninep.wire.Errno;
import java.util.concurrent.atomic.AtomicReference;

/** A client's handle of one file, for one user. Thread-safe: requests on one fid run in parallel. */
final class Fid implements LockHandle {
    /** Bytes of memory of a fid with its place in the table, without its name. */
    private static final int BYTES = 256;

    /** The parts of a fid that change together when it is opened. */
    record Binding(FidPath path, FidState state) {
        /** Returns the memory that a fid in this state takes. */
        int bytes() {
            return BYTES + (path.name() == null ? 0 : path.name().length()) + state.fidBytes();
        }
    }

    private final Credentials who;
    private final InodeId root;
    // Null after the fid was closed.
    private final AtomicReference<Binding> binding;

    /**
     * Makes a fid that is not open.
     *
     * @param root the directory that was attached, which {@code ..} does not leave
     */
    Fid(Credentials who, InodeId root, FidPath path) {
        this(who, root, new Binding(path, FidState.Unopened.INSTANCE));
    }

    Fid(Credentials who, InodeId root, Binding binding) {
        this.who = who;
        this.root = root;
        this.binding = new AtomicReference<>(binding);
    }

    Credentials who() {
        return who;
    }

    InodeId root() {
        return root;
    }

    /** Returns path and state; EBADF after the fid was closed. */
    Binding binding() {
        Binding now = binding.get();
        if (now == null) {
            throw new ErrnoException(Errno.EBADF);
        }
        return now;
    }

    FidPath path() {
        return binding().path();
    }

    InodeId inode() {
        return binding().path().inode();
    }

    /** Returns path and state if the fid is not open yet, else EBADF. */
    Binding unopened() {
        Binding now = binding();
        if (!(now.state() instanceof FidState.Unopened)) {
            throw new ErrnoException(Errno.EBADF);
        }
        return now;
    }

    /** Changes path and state. Returns false if another request did so meanwhile. The caller counts the memory. */
    boolean become(Binding expected, Binding next) {
        return binding.compareAndSet(expected, next);
    }

    @Override
    public boolean isClosed() {
        return binding.get() == null;
    }

    /** Closes the fid and its state. Returns its last path and state, or null if it was closed before. */
    Binding close() {
        Binding last = binding.getAndSet(null);
        if (last != null) {
            last.state().close();
        }
        return last;
    }
}
