// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.ReadOnlyFileSystem;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.access.OpenSnapshots;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.index.RocksTuning;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.VolumeReader;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The snapshots of a running volume, for {@code /.snapshots}. Makes its reader at the first use. Thread-safe. */
final class DaemonSnapshots implements OpenSnapshots.Source, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DaemonSnapshots.class);

    private static final int REQUESTS_MAX = 16;

    /** Memory of each open snapshot: 8 MiB of blocks, and up to 4 MiB of changes while it is being opened. */
    private static final RocksTuning INDEX = new RocksTuning(8 << 20, 1 << 20, 4, 1, 64);

    /** Bytes of decoded pages of all snapshots. */
    private static final long PAGE_BYTES = 16 << 20;

    private final StorageVolume volume;
    private final ObjectStore store;
    private final ZerofsConfig config;
    private EngineThreads threads;
    private VolumeReader reader;

    DaemonSnapshots(StorageVolume volume, ObjectStore store, ZerofsConfig config) {
        this.volume = volume;
        this.store = store;
        this.config = config;
    }

    @Override
    public List<OpenSnapshots.Named> list() {
        List<OpenSnapshots.Named> named = new ArrayList<>();
        for (Snapshot each : volume.snapshots().list()) {
            try {
                named.add(new OpenSnapshots.Named(
                        FileName.of(each.name()),
                        each.manifestVersion(),
                        Timestamp.of(Instant.ofEpochMilli(each.createdAtMillis()))));
            } catch (FsException e) {
                log.debug("a snapshot has a name that no file can have", e);
            }
        }
        return named;
    }

    /** Opens one snapshot at a time, as the reader demands. */
    @Override
    public synchronized OpenSnapshots.Opened open(OpenSnapshots.Named snapshot) throws FsException {
        try {
            log.info("opening snapshot {} for /.snapshots", snapshot.name());
            VolumeReader.View view = reader().openSnapshot(snapshot.name().toString());
            if (view.manifest().version() != snapshot.tree()) {
                view.close();
                throw FsError.STALE.exception();
            }
            return new Opened(
                    new ReadOnlyFileSystem(view.volume(), Services.settings(config), ReadOnlyFileSystem.Source.FIXED));
        } catch (OpenException e) {
            throw FsError.IO.exception("snapshot " + snapshot.name() + ": " + e.getMessage(), e);
        } catch (VolumeException e) {
            throw FsError.IO.exception("snapshot " + snapshot.name() + ": " + e.getMessage(), e);
        }
    }

    private record Opened(ReadOnlyFileSystem shown) implements OpenSnapshots.Opened {
        @Override
        public VirtualFileSystem files() {
            return shown;
        }

        @Override
        public void close() {
            shown.close();
        }
    }

    private VolumeReader reader() throws OpenException {
        if (reader == null) {
            if (threads == null) {
                threads = new EngineThreads(REQUESTS_MAX);
            }
            OpenSettings settings = OpenSettings.DEFAULT
                    .with(INDEX)
                    .with(EngineSettings.DEFAULT.with(
                            EngineSettings.DEFAULT.memory().withPageCacheBytes(PAGE_BYTES)));
            reader = VolumeReader.beside(
                    store,
                    volume.keys(),
                    new VolumeReader.Environment(
                            threads.runtime(), settings, config.cache().dir()),
                    OpenProgress.SILENT);
        }
        return reader;
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            if (reader != null) {
                reader.close();
            }
        } finally {
            if (threads != null) {
                threads.close();
            }
        }
    }
}
