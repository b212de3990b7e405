// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.SimulatedProcess;
import io.zerofs.core.world.World;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.fs.StoredFileSystem;
import io.zerofs.storage.gc.GarbageCollector;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.index.RocksIndex;
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
import io.zerofs.storage.snapshot.Snapshots;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A daemon's volume in a process of a world, with everything that runs in the background. */
final class SimulatedDaemon {
    /** The program concludes from two wrong answers about an object, so that they are longer apart than its two reads. */
    private static final Duration WRONG_ANSWERS_APART = Duration.ofMinutes(5);
    /** Time in which a volume without clients comes to rest, with a healthy store, and its threads end after its close. */
    private static final long REST_NANOS_MAX = TimeUnit.MINUTES.toNanos(10);

    final SimulatedProcess process;
    private final String name;
    final FaultyObjectStore store;
    private final Map<String, Long> ages;
    StorageVolume volume;
    /** The file system on the volume and the requests of its clients, from their beginning on. */
    StoredFileSystem files;

    SimulatedRequests requests;
    private TurnStore turns;
    private long dirtyBytesMax;
    private volatile boolean faulty;
    private boolean mayStop;
    private final CompletableFuture<Void> lastBarrier = new CompletableFuture<>();
    private int barriersLeft = Integer.MAX_VALUE;
    private Recovery.Recovered recovered;

    /**
     * @param store the daemon's own view of the bucket
     * @param ages as {@link GraceWatch} wants them
     */
    SimulatedDaemon(World world, String name, FaultyObjectStore store, Map<String, Long> ages) {
        this.ages = ages;
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
        dirtyBytesMax = settings.engine().memory().dirtyBytesMax();
        EngineRuntime runtime = runtime();
        turns = new TurnStore(
                process.world(),
                store,
                WorldSettings.traffic(random),
                new GraceWatch(process.world(), ages, gc.grace()));
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

    /** Compacts the tables of the index, which does nothing by itself in a world. */
    void compactIndex() throws VolumeException {
        recovered.volume().index().compact();
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

    Snapshots snapshots() {
        return recovered.keeper().snapshots();
    }

    /** Returns whether another daemon may have the volume. */
    boolean isPast() {
        return mayStop;
    }

    boolean isFaulty() {
        return faulty;
    }

    /** Ends the life soon after so many acknowledged barriers. A crash then shows changes that are not durable. */
    void endAfterBarriers(int count) {
        barriersLeft = count;
    }

    void acknowledged() {
        if (--barriersLeft == 0) {
            lastBarrier.complete(null);
        }
    }

    /** Waits for the last barrier of this life, at most for a time. */
    void awaitLastBarrier(long nanosMax) throws InterruptedException, ExecutionException {
        try {
            process.machine().await(lastBarrier, nanosMax);
        } catch (TimeoutException e) {
            // The life ends between two barriers.
        }
    }

    /** Returns the maximum of bytes that are not in the store, with those that clients have reserved. */
    long dirtyBytesMax() {
        return dirtyBytesMax;
    }

    /** Returns the number of answers that an object is missing, after which a read looks for newer content. */
    int missingObjects() {
        return turns.missing();
    }

    /** Closes the volume, which no client uses any more. Nothing that it took stays taken, and all threads end. */
    void close() throws VolumeException, InterruptedException {
        RocksIndex index = recovered.volume().index();
        await(
                () -> volume.statistics().dirtyBytes() == 0 && index.openCursors() == 0,
                () -> "the volume does not rest: " + volume.statistics() + ", open cursors " + index.openCursors());
        mayStop();
        volume.close();
        turns.close();
        await(() -> process.threads() == 1, () -> "threads go on after the close: " + process.threads());
    }

    private void await(BooleanSupplier condition, Supplier<String> otherwise) throws InterruptedException {
        Machine machine = process.machine();
        long end = machine.nanoTime() + REST_NANOS_MAX;
        while (!condition.getAsBoolean()) {
            assertTrue(machine.nanoTime() < end, otherwise);
            machine.sleep(TimeUnit.SECONDS.toNanos(1));
        }
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
