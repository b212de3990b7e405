// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.SimulatedProcess;
import io.zerofs.core.world.World;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.gc.GarbageCollector;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.Recovery;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/** A daemon's volume in a process of a world, with everything that runs in the background. */
final class SimulatedDaemon {
    final SimulatedProcess process;
    final FaultyObjectStore store;
    StorageVolume volume;
    private Recovery.Recovered recovered;

    /** @param store the daemon's own view of the bucket */
    SimulatedDaemon(World world, String name, FaultyObjectStore store) {
        this.process = world.newProcess(name);
        this.store = store;
        store.setPermission(fault -> permits(world, fault));
    }

    private static boolean permits(World world, Fault fault) {
        boolean happens = world.happens("fault");
        if (happens) {
            world.note("fault " + fault.effect());
        }
        return happens;
    }

    /** Opens the volume as {@code VolumeOpener} does. Called on a thread of the process. */
    StorageVolume open(OpenSettings settings, GcSettings gc, Path cacheDirectory) throws OpenException {
        EngineRuntime runtime = runtime();
        TurnStore turns = new TurnStore(process.world(), store);
        recovered = new Recovery(
                        turns,
                        settings,
                        new Recovery.Environment(runtime, Machine.current()::now, "a simulation"),
                        OpenProgress.SILENT)
                .recover(LifecycleFixture.PASSWORD, cacheDirectory);
        StorageVolume opened = new StorageVolume(
                recovered.volume(), settings.compression(), settings.engine(), runtime, recovered.keeper());
        opened.setGcHook(new GarbageCollector(gc, runtime, recovered.volume(), opened, recovered.keeper()).start());
        volume = opened;
        return opened;
    }

    private EngineRuntime runtime() {
        Machine machine = process.machine();
        Executor tasks = task -> machine.start("task", task);
        return new EngineRuntime(tasks, tasks, tasks, machine::after, machine::nanoTime, machine.random());
    }

    /** Dies: no thread continues, and no request reaches the store. The operating system takes back files and locks. */
    void kill() throws Exception {
        store.crash();
        process.kill();
        if (volume != null) {
            // Nothing of the world runs meanwhile, and on a thread outside of it locks are free.
            StorageVolume dead = volume;
            volume = null;
            FutureTask<Void> release = new FutureTask<>(() -> {
                dead.stop(new VolumeException(VolumeException.Kind.CLOSED, "killed"));
                dead.close();
                return null;
            });
            new Thread(release).start();
            release.get();
        }
    }
}
