// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.access.UserMapping;
import io.zerofs.server.net.LimitedLog;
import io.zerofs.server.rpc.RpcExchange;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** The volume as NFS exports it: the shared state of all connections. Thread-safe. */
final class Nfs3Export {
    private static final Logger LOG = LoggerFactory.getLogger(Nfs3Export.class);

    private final VirtualFileSystem files;
    private final Nfs3Settings settings;
    private final FileHandles handles;
    private final Nfs3Attributes attributes;
    private final LimitedLog failures = new LimitedLog(LOG, Level.WARN, "failed NFS calls");
    private final LimitedLog unexpected = new LimitedLog(LOG, Level.ERROR, "unexpected failures of NFS calls");

    /** @throws FsException if NFS exports a part of the file system and the volume's secret is not available */
    Nfs3Export(VirtualFileSystem files, Nfs3Settings settings) throws FsException {
        UUID volume = files.volumeId();
        this.files = files;
        this.settings = settings;
        this.handles =
                files.isPart() ? FileHandles.ofPart(volume, files.root(), files.secret()) : new FileHandles(volume);
        this.attributes = new Nfs3Attributes(volume.getMostSignificantBits() ^ volume.getLeastSignificantBits());
    }

    /** Returns the log of calls that failed because of the store or the disk. */
    LimitedLog failures() {
        return failures;
    }

    /**
     * Returns the result of a call. If the call fails because of our bugs, logs that and returns the failure. A {@link
     * WouldBlockException} goes to the caller, which runs the call again on another thread.
     */
    <R> R result(Object procedure, Supplier<R> call, Supplier<R> failure) {
        try {
            return call.get();
        } catch (WouldBlockException e) {
            throw e;
        } catch (RuntimeException e) {
            unexpected.line("{} failed unexpectedly", procedure, e);
            return failure.get();
        }
    }

    VirtualFileSystem files() {
        return files;
    }

    Durability durability() {
        return settings.durability();
    }

    UserMapping users() {
        return settings.users();
    }

    /** Returns whether the server refuses the calls of this connection because of their port. */
    boolean refuses(RpcExchange exchange) {
        return settings.privilegedPorts() && !exchange.isFromPrivilegedPort();
    }

    FileHandles handles() {
        return handles;
    }

    Nfs3Attributes attributes() {
        return attributes;
    }

    /**
     * Returns the verifier of unstable writes. It differs for every start, so that clients repeat writes that a crash
     * lost.
     */
    long writeVerifier() {
        return files.incarnation();
    }
}
