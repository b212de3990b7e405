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
import io.zerofs.storage.object.MeteredObjectStore;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.RetryingObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.Recovery;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/** A daemon's volume in a process of a world, with everything that runs in the background. */
final class SimulatedDaemon {
    /** The program concludes from two wrong answers about an object, so that they are longer apart than its two reads. */
    private static final Duration WRONG_ANSWERS_APART = Duration.ofMinutes(5);

    final SimulatedProcess process;
    private final String name;
    final FaultyObjectStore store;
    StorageVolume volume;
    private TurnStore turns;
    private volatile boolean faulty;
    private boolean mayStop;
    private Recovery.Recovered recovered;

    /** @param store the daemon's own view of the bucket */
    SimulatedDaemon(World world, String name, FaultyObjectStore store) {
        this.process = world.newProcess(name);
        this.name = name;
        this.store = store;
        store.setWrongAnswersApart(WRONG_ANSWERS_APART);
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
    StorageVolume open(SplittableRandom random, Path cacheDirectory) throws OpenException {
        OpenSettings settings = WorldSettings.volume(random);
        GcSettings gc = WorldSettings.garbage(random);
        EngineRuntime runtime = runtime();
        turns = new TurnStore(process.world(), store, WorldSettings.traffic(random));
        turns.setLate(faulty);
        MonotonicClock clock = MonotonicClock.system();
        ObjectStore retrying = new RetryingObjectStore(
                new MeteredObjectStore(turns, clock), WorldSettings.retries(random), clock, runtime.random());
        recovered = new Recovery(
                        retrying,
                        settings,
                        new Recovery.Environment(runtime, Machine.current()::now, "a simulation"),
                        OpenProgress.SILENT)
                .recover(LifecycleFixture.PASSWORD, cacheDirectory);
        StorageVolume opened = new StorageVolume(
                recovered.volume(), settings.compression(), settings.engine(), runtime, recovered.keeper());
        opened.setGcHook(new GarbageCollector(gc, runtime, recovered.volume(), opened, recovered.keeper()).start());
        opened.onStop(this::stopped);
        volume = opened;
        return opened;
    }

    /** No odd answer ends a volume. Only the next daemon does. */
    private void stopped(VolumeException why) {
        if (process.isAlive() && !mayStop) {
            process.world().fail(new AssertionError("the volume of " + name + " stopped by itself", why));
        }
    }

    /** The volume closes from now on, or another daemon may take it. */
    void mayStop() {
        mayStop = true;
    }

    /** Replaces the faults of the store. */
    void setFaults(double chance, Fault... faults) {
        faulty = chance > 0;
        store.setFaults(faults);
        if (turns != null) {
            turns.setLate(faulty);
        }
    }

    private EngineRuntime runtime() {
        Machine machine = process.machine();
        Executor tasks = task -> machine.start("task", task);
        return new EngineRuntime(tasks, tasks, tasks, machine::after, machine::nanoTime, machine.random());
    }

    boolean isFaulty() {
        return faulty;
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
