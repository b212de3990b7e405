// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks the files of connected writable devices, to detect later that the daemon stopped without disconnecting them.
 *
 * <p>NBD has nothing like the write verifier of NFS. A client that reconnects by itself after a crash does not learn that
 * writes without a flush are gone. The mark, an extended attribute with the incarnation of the daemon, exists while
 * connections last. A mark of another incarnation means an unclean stop, and the daemon can only log a warning.
 *
 * <p>Thread-safe; its methods may wait for the store.
 */
final class ConnectedDevices {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectedDevices.class);

    /** Name of the mark, which only the superuser sees. */
    static final String MARK = "trusted.zerofs.nbd.connected";

    private final VirtualFileSystem files;
    private final FileName mark;
    private final byte[] incarnation;
    private final Map<InodeId, Integer> connections = new ConcurrentHashMap<>();

    /** A party for each connection, and one for the server. */
    private final Phaser open = new Phaser(1);

    ConnectedDevices(VirtualFileSystem files) {
        this.files = files;
        this.incarnation = Long.toString(files.incarnation()).getBytes(StandardCharsets.US_ASCII);
        try {
            this.mark = FileName.of(MARK);
        } catch (FsException e) {
            throw new IllegalStateException(e);
        }
    }

    void add(Export export) {
        open.register();
        if (export.readOnly()) {
            return;
        }
        if (connections.merge(export.inode(), 1, Integer::sum) == 1) {
            try {
                warnAfterUncleanStop(export.inode());
                settle(export.inode());
                // The connection does not wait for this barrier: a crash loses the mark only in its first instant.
                files.barrier();
            } catch (RuntimeException | Error e) {
                remove(export);
                throw e;
            }
        }
    }

    void remove(Export export) {
        try {
            if (!export.readOnly() && connections.merge(export.inode(), -1, ConnectedDevices::sumOrNull) == null) {
                settle(export.inode());
            }
        } finally {
            open.arriveAndDeregister();
        }
    }

    /** Waits until all devices are removed, or until the seconds are over. The server calls it once, when it closes. */
    void awaitNone(int seconds) {
        try {
            open.awaitAdvanceInterruptibly(open.arriveAndDeregister(), seconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.warn("nbd: {} connections still have requests in flight", open.getRegisteredParties());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Integer sumOrNull(Integer before, Integer change) {
        int sum = before + change;
        return sum == 0 ? null : sum;
    }

    private void warnAfterUncleanStop(InodeId inode) {
        try {
            String found = new String(files.getXattr(Credentials.ROOT, inode, mark), StandardCharsets.US_ASCII);
            if (!found.equals(new String(incarnation, StandardCharsets.US_ASCII))) {
                LOG.warn(
                        "nbd: the device in inode {} was connected when the daemon stopped uncleanly; a client that"
                                + " reconnects by itself is not told that writes it had not flushed are gone: check"
                                + " the file system on it",
                        inode.number());
            }
        } catch (FsException e) {
            if (e.error() != FsError.NO_ATTRIBUTE) {
                LOG.debug("nbd: the mark of inode {} cannot be read: {}", inode.number(), e.getMessage());
            }
        }
    }

    /** Makes the mark agree with the connections. Repeats this if they changed meanwhile, because it holds no lock. */
    private void settle(InodeId inode) {
        boolean marked;
        do {
            marked = connections.containsKey(inode);
            try {
                if (marked) {
                    files.setXattr(Credentials.ROOT, inode, mark, incarnation, XattrMode.ANY);
                } else {
                    files.removeXattr(Credentials.ROOT, inode, mark);
                }
            } catch (FsException e) {
                LOG.debug("nbd: the mark of inode {} cannot be changed: {}", inode.number(), e.getMessage());
            }
        } while (marked != connections.containsKey(inode));
    }
}
