// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.secret.Secret;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.gc.GarbageCollector;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.Recovery;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/** Opens volumes for the program, with threads of its own, and the machine's clock and randomness. */
public final class VolumeOpener {
    private VolumeOpener() {}

    /**
     * Opens the volume in a store. In an empty store it creates a new volume if the settings permit it. A running daemon loses
     * the volume: its log is fenced, and it ends.
     *
     * @param store stays open when the volume is closed; the caller closes it afterwards
     * @param gc limits of garbage collection
     * @param password neither kept nor closed
     * @param cacheDirectory several volumes may share it; created if it is missing
     */
    public static StorageVolume open(
            ObjectStore store,
            Secret password,
            OpenSettings settings,
            GcSettings gc,
            Path cacheDirectory,
            OpenProgress progress)
            throws OpenException {
        EngineThreads threads = new EngineThreads(settings.requestsMax());
        boolean done = false;
        try {
            EngineRuntime runtime = threads.runtime();
            Recovery.Environment environment =
                    new Recovery.Environment(runtime, Machine.current()::now, describeProcess());
            Recovery.Recovered recovered =
                    new Recovery(store, settings, environment, progress).recover(password, cacheDirectory);
            StorageVolume volume = new StorageVolume(
                    recovered.volume().closingFirst(threads),
                    settings.compression(),
                    settings.engine(),
                    runtime,
                    recovered.keeper());
            volume.setSnapshots(recovered.keeper().snapshots());
            volume.setGcHook(new GarbageCollector(gc, runtime, recovered.volume(), volume, recovered.keeper()).start());
            done = true;
            return volume;
        } finally {
            if (!done) {
                threads.close();
            }
        }
    }

    private static String describeProcess() {
        String process = "process " + ProcessHandle.current().pid();
        try {
            return process + " on " + InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return process;
        }
    }
}
