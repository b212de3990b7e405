// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.VolumeReader;
import io.zerofs.storage.snapshot.SnapshotException;
import io.zerofs.storage.snapshot.Snapshots;
import java.io.IOException;
import java.util.List;

/** Snapshots of a volume that no daemon of this machine serves. */
record SnapshotsAtRest(ZerofsConfig config) {
    /** Changes the list of snapshots. */
    interface Change {
        Snapshot of(Snapshots snapshots) throws SnapshotException;
    }

    /** Reads the newest manifest. A daemon on another machine goes on. */
    List<Snapshot> list() throws ExitException {
        OpenSettings settings = OpenSettings.DEFAULT;
        try (StoreConnection connection =
                        StoreConnection.openToRead(config.storage().url(), config);
                EngineThreads threads = new EngineThreads(settings.requestsMax());
                OpeningLog opening = OpeningLog.start();
                VolumeReader reader = VolumeReader.open(
                        connection.store(),
                        config.storage().encryptionPassword(),
                        new VolumeReader.Environment(
                                threads.runtime(), settings, config.cache().dir()),
                        opening)) {
            return reader.newestManifest().snapshots();
        } catch (OpenException e) {
            throw Failures.of(e);
        } catch (ObjectStoreException e) {
            throw Failures.of(e);
        } catch (IOException e) {
            throw new ExitException(
                    ExitCode.CACHE_UNUSABLE,
                    "temporary files in " + config.cache().dir() + ": " + e.getMessage(),
                    e);
        }
    }

    /** Becomes the writer of the volume for a moment. A daemon on another machine loses it. */
    Snapshot change(Change change) throws ExitException {
        OpenSettings settings = OpenSettings.DEFAULT
                .creatingVolume(false)
                .acceptingUnconditionalWrites(config.storage().acceptUnconditionalWrites());
        try (StoreConnection connection = StoreConnection.open(config.storage().url(), config);
                OpeningLog opening = OpeningLog.start();
                StorageVolume volume = VolumeOpener.open(
                        connection.store(),
                        config.storage().encryptionPassword(),
                        settings,
                        GcSettings.DEFAULT.withEnabled(false),
                        config.cache().dir(),
                        opening)) {
            return change.of(volume.snapshots());
        } catch (OpenException e) {
            throw Failures.of(e);
        } catch (ObjectStoreException e) {
            throw Failures.of(e);
        } catch (VolumeException e) {
            throw Failures.of(e);
        } catch (SnapshotException e) {
            ExitCode code = switch (e.kind()) {
                case INVALID -> ExitCode.USAGE;
                case MISSING -> ExitCode.NO_SNAPSHOT;
                case EXISTS, TOO_MANY -> ExitCode.REFUSED;
                case UNAVAILABLE -> ExitCode.STORE_UNREADABLE;
            };
            throw new ExitException(code, e.getMessage(), e);
        }
    }
}
