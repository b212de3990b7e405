// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.locks.ByteRangeLocks;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.access.UserMapping;
import io.zerofs.server.net.ClientResource;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.LimitedLog;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.Shares;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Serves 9P2000.L on all connections of a daemon, which share their byte-range locks. Thread-safe. To listen, pass it to
 * {@link io.zerofs.server.net.ProtocolServer}.
 */
public final class NinePServer implements MessageProtocol.Factory {
    /** Distance of the first session numbers of consecutive daemons. Its small multiples are far from each other. */
    private static final long SESSION_NUMBERS_APART = 0x9E37_79B9L;

    private final VirtualFileSystem files;
    private final NinePSettings settings;
    private final UserMapping users;
    private final ByteRangeLocks locks;
    private final Shares lockShares;
    private final AppendLocks appendLocks = new AppendLocks();
    private final AtomicInteger sessions;
    private final LimitedLog failures =
            new LimitedLog(LoggerFactory.getLogger(NinePServer.class), Level.WARN, "failed 9P requests");
    private final Shares fids;
    private final Shares xattrs;

    public NinePServer(VirtualFileSystem files, NinePSettings settings) {
        this(files, settings, UserMapping.NONE);
    }

    /** @param users maps the users that clients state to the users that they act as */
    public NinePServer(VirtualFileSystem files, NinePSettings settings, UserMapping users) {
        this.files = files;
        this.settings = settings;
        this.users = users;
        double share = settings.clientShare();
        this.locks = new ByteRangeLocks(settings.waitingLocksMax(), settings.lockWaitSeconds());
        this.lockShares = new Shares(ClientResource.LOCKS, settings.locksMax(), share);
        this.sessions = new AtomicInteger((int) (files.incarnation() * SESSION_NUMBERS_APART));
        this.fids = new Shares(ClientResource.FIDS, settings.fidsMax() * NinePSettings.FID_BYTES, share);
        this.xattrs = new Shares(ClientResource.XATTRS, NinePSettings.XATTR_BYTES_MAX, share);
    }

    @Override
    public MessageProtocol connect(Connection connection) {
        return new NinePProtocol(this, connection);
    }

    VirtualFileSystem files() {
        return files;
    }

    NinePSettings settings() {
        return settings;
    }

    UserMapping users() {
        return users;
    }

    ByteRangeLocks locks() {
        return locks;
    }

    /** Returns the shares of byte-range locks over all sessions. A request that waits for a lock counts as one. */
    Shares lockShares() {
        return lockShares;
    }

    AppendLocks appendLocks() {
        return appendLocks;
    }

    /** Returns the log of requests that failed because of the store or the disk. */
    LimitedLog failures() {
        return failures;
    }

    /** Returns a new number for each session of the volume, also after a restart of the daemon. */
    int nextSession() {
        return sessions.incrementAndGet();
    }

    /** Returns the shares of memory for the fids of all sessions. */
    Shares fids() {
        return fids;
    }

    /** Returns the shares of memory for extended attributes that the fids of all sessions read or write. */
    Shares xattrs() {
        return xattrs;
    }
}
