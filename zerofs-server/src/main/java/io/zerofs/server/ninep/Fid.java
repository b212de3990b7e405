// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.locks.LockHandle;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.ninep.wire.Errno;
import java.util.concurrent.atomic.AtomicReference;

/** A client's handle of one file, for one user. Thread-safe: requests on one fid run in parallel. */
final class Fid implements LockHandle {
    /** Memory of a fid with its place in the table, without its name. */
    private static final int BYTES = 256;

    /** What changes together when a fid is opened. */
    record State(Place place, Use use) {
        /** Returns the memory that a fid in this state takes. */
        int bytes() {
            return BYTES + (place.name() == null ? 0 : place.name().length()) + use.fidBytes();
        }
    }

    private final Credentials who;
    private final InodeId root;
    // Null after the fid was closed.
    private final AtomicReference<State> state;

    /**
     * Makes a fid that is not open.
     *
     * @param root the directory that was attached, which {@code ..} does not leave
     */
    Fid(Credentials who, InodeId root, Place place) {
        this(who, root, new State(place, Use.Unopened.INSTANCE));
    }

    Fid(Credentials who, InodeId root, State state) {
        this.who = who;
        this.root = root;
        this.state = new AtomicReference<>(state);
    }

    Credentials who() {
        return who;
    }

    InodeId root() {
        return root;
    }

    /** EBADF after the fid was closed. */
    State state() {
        State now = state.get();
        if (now == null) {
            throw new ErrnoException(Errno.EBADF);
        }
        return now;
    }

    Place place() {
        return state().place();
    }

    InodeId inode() {
        return state().place().inode();
    }

    /** The state if the fid is not open yet, else EBADF. */
    State unopened() {
        State now = state();
        if (!(now.use() instanceof Use.Unopened)) {
            throw new ErrnoException(Errno.EBADF);
        }
        return now;
    }

    /** Changes the state; false if another request did so meanwhile. The caller counts what that takes. */
    boolean become(State expected, State next) {
        return state.compareAndSet(expected, next);
    }

    @Override
    public boolean isClosed() {
        return state.get() == null;
    }

    /** Gives up what the fid holds, and tells its last state; null if it was closed before. */
    State close() {
        State last = state.getAndSet(null);
        if (last != null) {
            last.use().close();
        }
        return last;
    }
}
