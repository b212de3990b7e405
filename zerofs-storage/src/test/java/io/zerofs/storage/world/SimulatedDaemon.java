// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.SimulatedProcess;
import io.zerofs.core.world.World;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.fs.StoredFileSystem;
import io.zerofs.storage.gc.GarbageCollector;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.MeteredObjectStore;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.RetryingObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.Recovery;
import io.zerofs.storage.snapshot.Snapshots;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
import java.util.stream.Stream;

/** A daemon's volume in a process of a world, with everything that runs in the background. */
final class SimulatedDaemon {
    /** The program concludes from two wrong answers about an object, so that they are longer apart than its two reads. */
    private static final Duration WRONG_ANSWERS_APART = Duration.ofMinutes(5);

    private static final List<String> KINDS = List.of(CommitId.PREFIX, TableReference.PREFIX, Manifest.PREFIX);

    /** Time in which a volume without clients comes to rest, with a healthy store, and its threads end after its close. */
    private static final long REST_NANOS_MAX = TimeUnit.MINUTES.toNanos(10);

    /** A thread may rest for a second where the volume is about to stop. */
    private static final long STOP_NANOS_MAX = TimeUnit.SECONDS.toNanos(10);

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
    private List<Fault> faults = List.of();
    /** The fault of a time in which objects of one kind are refused. */
    private Fault refused;

    private boolean mayStop;
    private final CompletableFuture<Void> lastBarrier = new CompletableFuture<>();
    private int barriersLeft = Integer.MAX_VALUE;
    private Recovery.Recovered recovered;
    /** The faults of the local index. */
    final IndexFaults index;

    private boolean stopped;

    /**
     * @param store the daemon's own view of the bucket
     * @param ages as {@link GraceWatch} wants them
     */
    SimulatedDaemon(World world, String name, FaultyObjectStore store, Map<String, Long> ages) {
        this.ages = ages;
        this.process = world.newProcess(name);
        this.index = new IndexFaults(world);
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
        OpenSettings drawn = WorldSettings.volume(random);
        OpenSettings settings = drawn.with(drawn.index().withWriter(index));
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
        stopped = true;
        if (process.isAlive() && !mayStop && index.brokenAt() == null) {
            process.world().fail(new AssertionError("the volume of " + name + " stopped by itself", why));
        }
    }

    /** The volume closes from now on, or another daemon may take it. */
    void mayStop() {
        mayStop = true;
    }

    /** Lets the store refuse some or all requests for seconds to hours, now and then, while it has faults at all. */
    Machine.Task startOutages(SplittableRandom random) {
        return process.machine().start("outages", () -> {
            if (random.nextInt(3) == 0 && process.world().happens("outages")) {
                breakOff(random);
            }
        });
    }

    private void breakOff(SplittableRandom random) {
        try {
            while (faulty) {
                process.machine().sleep(random.nextLong(TimeUnit.SECONDS.toNanos(30)));
                if (random.nextBoolean()) {
                    refusePuts(random);
                } else {
                    store.setOutage(true);
                    long most = TimeUnit.SECONDS.toNanos(random.nextBoolean() ? 20 : 4_000);
                    process.machine().sleep(random.nextLong(most));
                    store.setOutage(false);
                }
                Duration jump = Duration.ofSeconds(random.nextInt(-4_000, 4_000));
                if (process.world().happens("jump")) {
                    process.jump(jump);
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets the store refuse most objects of one kind for a while. Often the life ends then, so that the others are there. */
    private void refusePuts(SplittableRandom random) throws InterruptedException {
        String kind = KINDS.get(random.nextInt(KINDS.size()));
        double share = random.nextBoolean() ? 0.5 : 1;
        refused = Fault.on(StoreOperation.PUT, kind, share, new Fault.Unavailable());
        setStoreFaults();
        process.machine().sleep(random.nextLong(TimeUnit.SECONDS.toNanos(120)));
        refused = null;
        if (random.nextInt(3) > 0) {
            lastBarrier.complete(null);
        }
        setStoreFaults();
    }

    private void setStoreFaults() {
        store.setFaults(
                Stream.concat(Stream.ofNullable(refused), faults.stream()).toArray(Fault[]::new));
    }

    /** Replaces the faults of the store. */
    void setFaults(double chance, Fault... newFaults) {
        faulty = chance > 0;
        faults = List.of(newFaults);
        setStoreFaults();
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
        RocksIndex database = recovered.volume().index();
        await(
                () -> volume.statistics().dirtyBytes() == 0 && database.openCursors() == 0,
                () -> "the volume does not rest: " + volume.statistics() + ", open cursors " + database.openCursors());
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
        Long broken = index.brokenAt();
        assertTrue(
                stopped || broken == null || process.world().now() - broken < STOP_NANOS_MAX,
                "a write to the index that may be half applied stops the volume");
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
