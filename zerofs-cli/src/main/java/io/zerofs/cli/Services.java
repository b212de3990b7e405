// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ExportConfig;
import io.zerofs.cli.config.FilesystemConfig;
import io.zerofs.cli.config.NbdConfig;
import io.zerofs.cli.config.NfsConfig;
import io.zerofs.cli.config.NinepConfig;
import io.zerofs.cli.config.ServersConfig;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.fs.ReadOnlyFileSystem;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.access.ExportedFiles;
import io.zerofs.server.access.OpenSnapshots;
import io.zerofs.server.access.SnapshotFiles;
import io.zerofs.server.nbd.NbdDevices;
import io.zerofs.server.nbd.NbdServer;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.nfs3.Nfs3Server;
import io.zerofs.server.ninep.NinePServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/** The file system on a volume and the configured servers. Does not own the volume. */
final class Services implements AutoCloseable {
    private static final double BYTES_PER_GB = 1e9;

    private final Closing closing = new Closing();
    private LongSupplier removalRestarts = () -> 0;
    private VirtualFileSystem files;
    private NbdDevices devices;
    private ServerResources resources;

    private Services() {}

    /**
     * Opens the file system of a volume, and all servers. Listens on all addresses or on none.
     *
     * @param snapshots the volume's snapshots, if it has any place for them; their owner closes them afterwards
     */
    static Services open(Volume volume, Optional<OpenSnapshots> snapshots, ZerofsConfig config, OpenFiles limits)
            throws ExitException {
        Services services = new Services();
        try {
            ZeroFileSystem files = services.closing.add(
                    "file system", ZeroFileSystem.open(volume, settings(config), InstantSource.system()));
            services.removalRestarts = files::removalRestarts;
            services.files = files;
            services.start(snapshots.isPresent() ? new SnapshotFiles(files, snapshots.get()) : files, config, limits);
            return services;
        } catch (VolumeException e) {
            services.close();
            throw Failures.of(e);
        } catch (ExitException e) {
            services.close();
            throw e;
        }
    }

    /** Opens all servers on a read-only file system, which its owner closes afterwards. */
    static Services openToRead(ReadOnlyFileSystem files, ZerofsConfig config, OpenFiles limits) throws ExitException {
        Services services = new Services();
        try {
            services.files = files;
            services.start(files, config, limits);
            return services;
        } catch (ExitException e) {
            services.close();
            throw e;
        }
    }

    /**
     * Checks that the TCP addresses are free before the daemon takes over the volume. A daemon that is started twice by
     * mistake must not end the serving one.
     */
    static void requireAddresses(ZerofsConfig config) throws ExitException {
        ServersConfig servers = config.servers();
        try {
            List<ListenAddress> all = new ArrayList<>();
            servers.nfs().ifPresent(nfs -> all.addAll(nfs.listen()));
            servers.ninep().ifPresent(ninep -> all.addAll(ninep.listen()));
            servers.nbd().ifPresent(nbd -> all.addAll(nbd.listen()));
            if (all.isEmpty()) {
                throw new IllegalArgumentException(
                        "no server is configured: add a section [servers.nfs], [servers.ninep] or [servers.nbd]");
            }
            config.prometheus().ifPresent(prometheus -> all.addAll(prometheus.listen()));
            for (ListenAddress address : all) {
                if (address instanceof ListenAddress.Tcp tcp) {
                    requireFree(tcp);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new ExitException(ExitCode.CONFIG, e.getMessage(), e);
        }
    }

    /** Checks that nobody listens on an address, without keeping it. */
    static void requireFree(ListenAddress.Tcp tcp) throws ExitException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(tcp.address());
        } catch (IOException e) {
            throw new ExitException(ExitCode.ADDRESS_IN_USE, "cannot listen on " + tcp + ": " + e.getMessage(), e);
        }
    }

    /** @param tree the files that NFS and 9P serve */
    private void start(VirtualFileSystem tree, ZerofsConfig config, OpenFiles limits) throws ExitException {
        try {
            resources = closing.add(
                    "server threads",
                    new ServerResources(
                            MemoryBudget.of(config.cache()).servers(config.servers(), limits),
                            config.servers().vanishedClientSecs()));
            VirtualFileSystem traced = new TracedFiles(tree, resources.operations());
            if (config.servers().nfs().isPresent()) {
                NfsConfig nfs = config.servers().nfs().get();
                closing.add(
                        "NFS",
                        Nfs3Server.open(
                                exported(traced, "nfs", nfs.export()), nfs.settings(), nfs.listen(), resources));
            }
            if (config.servers().ninep().isPresent()) {
                NinepConfig ninep = config.servers().ninep().get();
                NinePServer server = new NinePServer(
                        exported(traced, "ninep", ninep.export()),
                        MemoryBudget.of(config.cache()).ninep(config.servers()),
                        ninep.users().mapping());
                closing.add("9P", ProtocolServer.open("9P", ninep.listen(), resources, server));
            }
            if (config.servers().nbd().isPresent()) {
                NbdConfig nbd = config.servers().nbd().get();
                devices = closing.add(
                                "NBD",
                                NbdServer.open(
                                        exported(new TracedFiles(files, resources.operations()), "nbd", nbd.export()),
                                        nbd.tls(),
                                        nbd.listen(),
                                        resources))
                        .devices();
            }
        } catch (ListenException e) {
            throw new ExitException(ExitCode.ADDRESS_IN_USE, e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new ExitException(ExitCode.CONFIG, e.getMessage(), e);
        } catch (FsException e) {
            throw noExports(e);
        }
    }

    /** Returns advice if {@code /.nbd} is no directory: the operator moves the file with a server that does not need it. */
    static ExitException noExports(FsException e) {
        return switch (e.error()) {
            case NOT_DIRECTORY ->
                new ExitException(
                        ExitCode.CONFIG,
                        "/.nbd in the volume is a file, and [servers.nbd] needs a directory of that name: start without"
                                + " [servers.nbd], give the file another name, and start again",
                        e);
            case NO_SPACE ->
                new ExitException(
                        ExitCode.CONFIG,
                        "there is no room for the directory /.nbd, which [servers.nbd] needs: start without [servers.nbd] or"
                                + " with a larger max_size_gb or max_inodes, remove something, and start again",
                        e);
            default -> new ExitException(ExitCode.INTERNAL, "/.nbd cannot be used: " + e.getMessage(), e);
        };
    }

    private static VirtualFileSystem exported(VirtualFileSystem files, String server, ExportConfig export)
            throws ExitException, FsException {
        try {
            return ExportedFiles.of(files, export.root(), export.readOnly());
        } catch (FsException e) {
            if (e.error() != FsError.NOT_FOUND && e.error() != FsError.NOT_DIRECTORY) {
                throw e;
            }
            throw new ExitException(
                    ExitCode.CONFIG,
                    "[servers." + server + "] root: the volume has no directory \"" + export.root()
                            + "\"; serve \"/\" once and create it",
                    e);
        }
    }

    static FileSystemSettings settings(ZerofsConfig config) {
        FilesystemConfig wanted = config.filesystem();
        FileSystemSettings settings = FileSystemSettings.DEFAULTS.withRoot(wanted.root());
        if (wanted.maxSizeGb().isPresent()) {
            settings = settings.withQuotaBytes(Math.round(wanted.maxSizeGb().get() * BYTES_PER_GB));
        }
        return wanted.maxInodes().isPresent()
                ? settings.withInodesMax(wanted.maxInodes().get())
                : settings;
    }

    /** Returns the block devices; empty without a server for them. */
    Optional<NbdDevices> devices() {
        return Optional.ofNullable(devices);
    }

    /** Makes durable every change that returned before this call. */
    CompletableFuture<Void> barrier() {
        return files.barrier();
    }

    FsStatistics statistics() {
        return files.statistics();
    }

    /** Returns the resources that the servers share, for metrics. */
    long removalRestarts() {
        return removalRestarts.getAsLong();
    }

    ServerResources resources() {
        return resources;
    }

    /** Stops accepting connections and waits for requests in flight. Afterwards nothing uses the volume. */
    @Override
    public void close() {
        closing.close();
    }
}
