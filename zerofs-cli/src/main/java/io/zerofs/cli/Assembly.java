// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.CacheConfig;
import io.zerofs.cli.config.FilesystemConfig;
import io.zerofs.cli.config.StoreLocation;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.ReadOnlyFileSystem;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.access.OpenSnapshots;
import io.zerofs.server.metrics.MetricsServer;
import io.zerofs.server.net.ListenException;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.index.PrivateDirectory;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.VolumeFollower;
import io.zerofs.storage.recovery.VolumeReader;
import io.zerofs.storage.seal.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The whole daemon: store, volume, file system and servers, closed in reverse order. Opened and closed by one thread. */
final class Assembly implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Assembly.class);

    /** Bytes of the cache directory's disk that stay free for the index and the system. */
    private static final long DISK_BYTES_FREE_MIN = 256 << 20;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Closing closing = new Closing();

    private final DaemonHealth health = new DaemonHealth();
    private UUID volume;
    private Traffic traffic = Traffic.NONE;

    private Assembly() {}

    /**
     * Opens everything or nothing.
     *
     * @param mayCreate whether to create a missing volume
     * @param onStop called once, on any thread, if the volume stops by itself
     */
    static Assembly open(ZerofsConfig config, boolean mayCreate, OpeningLog progress, Consumer<VolumeException> onStop)
            throws ExitException {
        return opened(config, assembly -> assembly.write(config, mayCreate, progress, onStop));
    }

    /**
     * Opens everything or nothing, for clients that only read. Another daemon may write the volume meanwhile.
     *
     * @param follow whether to show what that daemon writes later
     * @param snapshot the snapshot to show; empty for the newest state
     */
    static Assembly openToRead(ZerofsConfig config, boolean follow, Optional<String> snapshot, OpeningLog progress)
            throws ExitException {
        return opened(config, assembly -> assembly.read(config, follow, snapshot, progress));
    }

    /** The steps of an opening. */
    private interface Steps {
        void run(Assembly assembly) throws ObjectStoreException, OpenException, VolumeException, ExitException;
    }

    private static Assembly opened(ZerofsConfig config, Steps steps) throws ExitException {
        Services.requireAddresses(config);
        Assembly assembly = new Assembly();
        boolean done = false;
        try {
            if (config.prometheus().isPresent()) {
                assembly.closing.add(
                        "metrics", MetricsServer.open(config.prometheus().get().listen(), assembly.health));
            }
            steps.run(assembly);
            done = true;
            return assembly;
        } catch (ObjectStoreException e) {
            throw Failures.of(e);
        } catch (OpenException e) {
            throw Failures.of(e);
        } catch (VolumeException e) {
            throw Failures.of(e);
        } catch (ListenException e) {
            throw new ExitException(ExitCode.ADDRESS_IN_USE, e.getMessage(), e);
        } finally {
            if (!done) {
                assembly.close();
            }
        }
    }

    private void write(ZerofsConfig config, boolean mayCreate, OpeningLog progress, Consumer<VolumeException> onStop)
            throws ObjectStoreException, OpenException, ExitException {
        OpenFiles files = OpenFiles.of(config);
        StoreConnection connection =
                closing.add("store", StoreConnection.open(config.storage().url(), config));
        progress.watch(connection.metrics());
        traffic = connection.store().traffic();
        StorageVolume opened = closing.add(
                "volume",
                VolumeOpener.open(
                        connection.store(),
                        config.storage().encryptionPassword(),
                        settings(config, files).creatingVolume(mayCreate),
                        config.gc().settings(),
                        config.cache().dir(),
                        progress));
        DaemonSnapshots source =
                closing.add("reader of snapshots", new DaemonSnapshots(opened, connection.store(), config));
        OpenSnapshots snapshots = closing.add("snapshots", new OpenSnapshots(source));
        collectOpening();
        Services services = closing.add("services", Services.open(opened, Optional.of(snapshots), config, files));
        closing.add("control", DaemonControl.open(config, opened, connection.metrics(), services));
        closing.add("snapshots", SnapshotTimer.start(opened, config.snapshots().kept()));
        closing.add("activity", ActivityLog.start(connection.metrics(), opened));
        health.serves(DaemonMetrics.ofWriter(connection.metrics(), opened, services));
        opened.onStop(stopped -> {
            health.stops();
            onStop.accept(stopped);
        });
        volume = opened.id();
    }

    private void read(ZerofsConfig config, boolean follow, Optional<String> snapshot, OpeningLog progress)
            throws ObjectStoreException, OpenException, VolumeException, ExitException {
        OpenFiles files = OpenFiles.of(config);
        OpenSettings settings = settings(config, files);
        // A follower that opens the newest state anew has two indexes for a moment.
        OpenSettings each = follow ? settings.with(settings.index().half()) : settings;
        StoreConnection connection =
                closing.add("store", StoreConnection.openToRead(config.storage().url(), config));
        progress.watch(connection.metrics());
        traffic = connection.store().traffic();
        EngineThreads threads = closing.add("threads", new EngineThreads(settings.requestsMax()));
        VolumeReader reader = closing.add(
                "reader",
                VolumeReader.open(
                        connection.store(),
                        config.storage().encryptionPassword(),
                        new VolumeReader.Environment(
                                threads.runtime(), each, config.cache().dir()),
                        progress));
        VolumeFollower follower = follow ? closing.add("follower", VolumeFollower.open(reader)) : null;
        ReadOnlyFileSystem shown = closing.add(
                "file system",
                follow
                        ? new ReadOnlyFileSystem(follower.first(), Services.settings(config), follower::awaitNewer)
                        : new ReadOnlyFileSystem(
                                closing.add(
                                                "state",
                                                snapshot.isPresent()
                                                        ? reader.openSnapshot(snapshot.get())
                                                        : reader.openNewest())
                                        .volume(),
                                Services.settings(config),
                                ReadOnlyFileSystem.Source.FIXED));
        collectOpening();
        Services services = closing.add("services", Services.openToRead(shown, config, files));
        health.serves(DaemonMetrics.ofReader(connection.metrics(), services, follower));
        if (follow) {
            closing.add("following", follower.start(shown::show));
        }
        volume = shown.volumeId();
    }

    /**
     * Returns the heap that the opening used to the system. The key's derivation alone fills 64 MiB. Young collections move
     * them to where the collector looks only when the heap is half full.
     */
    private static void collectOpening() {
        System.gc();
    }

    UUID volume() {
        return volume;
    }

    /** Returns the first failure while closing. */
    Optional<Exception> failure() {
        return closing.failure();
    }

    /** Returns the bytes that moved to and from the store. */
    long movedBytes() {
        return traffic.movedBytes();
    }

    @Override
    public void close() {
        health.stops();
        closing.close();
    }

    private static OpenSettings settings(ZerofsConfig config, OpenFiles files) {
        MemoryBudget budget = MemoryBudget.of(config.cache());
        Duration flushInterval = Duration.ofNanos(Math.round(config.lsm().flushIntervalSecs() * NANOS_PER_SECOND));
        return OpenSettings.DEFAULT
                .with(budget.engine(flushInterval, config.storage().link())
                        .with(disk(config.cache(), config.storage().url())))
                .with(budget.index(files))
                .with(compression(config.filesystem().compression()))
                .acceptingUnconditionalWrites(config.storage().acceptUnconditionalWrites());
    }

    /** Returns the disk cache's limits. A store on the cache's own file system is as fast as the cache and is not cached. */
    static EngineSettings.Disk disk(CacheConfig cache, StoreLocation store) {
        boolean near = false;
        if (store instanceof StoreLocation.Local local) {
            try {
                PrivateDirectory.makeParent(cache.dir());
                near = Files.getFileStore(cache.dir()).equals(Files.getFileStore(local.directory()));
            } catch (IOException e) {
                log.debug("cannot find out whether store and cache are on one file system", e);
            }
        }
        return new EngineSettings.Disk(near ? 0 : cache.diskBytes(), DISK_BYTES_FREE_MIN);
    }

    private static Compression compression(FilesystemConfig.Codec codec) {
        return switch (codec) {
            case LZ4 -> Compression.LZ4;
            case NONE -> Compression.NONE;
        };
    }
}
