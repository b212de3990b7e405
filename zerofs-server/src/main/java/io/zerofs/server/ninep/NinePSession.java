// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBufAllocator;
import io.zerofs.core.locks.ByteRangeLocks;
import io.zerofs.core.locks.LockClient;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.net.Client;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.PeerUser;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;

/**
 * The state from one Tversion to the next, or to the end of the connection: the fids, and one client of the lock table.
 * Thread-safe.
 */
final class NinePSession implements LockClient {
    private final NinePServer server;
    private final Client client;
    private final Connection connection;
    private final int messageBytesMax;
    private final Allowance xattrMemory;
    private final FidTable fids;
    private final Qids qids;

    /** @param messageBytesMax the negotiated msize */
    NinePSession(NinePServer server, Connection connection, int messageBytesMax) {
        this.server = server;
        this.client = connection.client();
        this.connection = connection;
        this.messageBytesMax = messageBytesMax;
        this.xattrMemory = new Allowance(server.xattrs(), client, Errno.ENOMEM);
        this.fids = new FidTable(new Allowance(server.fids(), client, Errno.ENFILE), server.locks());
        this.qids = new Qids(server.nextSession());
    }

    VirtualFileSystem files() {
        return server.files();
    }

    /** Returns whether the client may act for this user. The user that the system reports counts more than the claim. */
    boolean mayClaim(int uid) {
        return isBelieved() || connection.peerUser().uid() == uid;
    }

    private boolean isBelieved() {
        PeerUser peer = connection.peerUser();
        return peer == null || peer.mayActForOthers();
    }

    /**
     * Returns the credentials that a user acts with. The protocol does not report groups, which the client's kernel
     * checks. A client that may act only for itself has the group that the system reports.
     */
    Credentials as(int uid, int gid) {
        if (!isBelieved()) {
            return server.users()
                    .apply(new Credentials(uid, connection.peerUser().gid()));
        }
        Credentials mapped = server.users().apply(Credentials.ofUser(uid, gid));
        return Credentials.ofUser(mapped.uid(), mapped.gid());
    }

    ByteRangeLocks locks() {
        return server.locks();
    }

    AppendLocks appendLocks() {
        return server.appendLocks();
    }

    @Override
    public boolean tryTakeLock() {
        return server.lockShares().tryTake(client, 1);
    }

    @Override
    public void countLocks(int change) {
        server.lockShares().charge(client, change);
    }

    Allowance xattrMemory() {
        return xattrMemory;
    }

    FidTable fids() {
        return fids;
    }

    Qids qids() {
        return qids;
    }

    ByteBufAllocator allocator() {
        return connection.allocator();
    }

    int messageBytesMax() {
        return messageBytesMax;
    }

    /** Returns the part of {@code count}, an unsigned number, that fits into a reply with data. */
    int dataBytes(int count) {
        int dataMax = messageBytesMax - MessageHeader.DATA_OFFSET;
        return count < 0 ? dataMax : Math.min(count, dataMax);
    }

    /** Ends all fids and locks, also those that running requests are about to add. */
    void close() {
        fids.close();
    }
}
