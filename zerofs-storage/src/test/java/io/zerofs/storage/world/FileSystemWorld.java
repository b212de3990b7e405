// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.model.CrashHistory;
import io.zerofs.core.model.Habits;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.world.World;
import io.zerofs.storage.fs.StoredFileSystem;
import io.zerofs.storage.gc.StoreAudit;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The file system with its removal queue, on volumes of one bucket. Several clients work at a time. Each daemon but the last
 * is killed at any moment, or loses the volume to the next daemon while it works or is frozen. Others are killed while
 * they open the volume.
 */
final class FileSystemWorld {
    /** With a healthy store no operation takes longer, in virtual time. */
    private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(10);
    /** Maximum answers of EIO in a life. After each the oracle follows two trees, one with the change and one without. */
    private static final int UNCLEAR_MAX = 8;

    private final SplittableRandom random;
    private final World world;
    private final LifecycleFixture fixture;
    private final int clients;
    private final List<SimulatedDaemon> daemons = new ArrayList<>();
    private CrashHistory history;
    private final SnapshotModel snapshots;
    private final WorldBucket bucket;
    private boolean started;
    private int unclear;
    /** The daemon that clients use. */
    private SimulatedDaemon current;

    private FileSystemWorld(World world, LifecycleFixture fixture) {
        this.world = world;
        this.fixture = fixture;
        bucket = new WorldBucket(world, fixture, new HashMap<>());
        random = new SplittableRandom(world.seed());
        clients = 1 + random.nextInt(3);
        snapshots = new SnapshotModel(random.split(), List.of());
    }

    static void simulate(World world) throws Exception {
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            SimulatedDisk.loadLibrary(fixture.newDirectory());
            FileSystemWorld simulation = new FileSystemWorld(world, fixture);
            world.run(simulation::run);
            simulation.bucket.settle();
            StoreAudit.checkFiles(fixture);
        }
    }

    private void run() throws Exception {
        history = new CrashHistory(random.nextLong(), clients, Habits.draw(random));
        int lives = 1 + random.nextInt(3);
        if (random.nextInt(4) == 0) {
            bucket.moveToDisk(random);
        }
        SimulatedDisk disk = newDisk();
        List<Machine.Task> ends = new ArrayList<>();
        for (int life = 0; life <= lives; life++) {
            boolean last = life == lives;
            if (!last && !world.happens("life")) {
                continue;
            }
            if (random.nextInt(3) == 0 && world.happens("visitor")) {
                passBy("visitor" + life);
            }
            SimulatedDaemon daemon = newDaemon("daemon" + life);
            live(daemon, disk, last);
            if (last || random.nextBoolean() || !world.happens("takeover")) {
                end(daemon);
                disk = random.nextBoolean() ? disk.next(random) : newDisk();
                if (bucket.isOnDisk() && random.nextBoolean() && world.happens("machine-power-cut")) {
                    for (SimulatedDaemon each : daemons) {
                        end(each);
                    }
                    bucket.cutPower(random);
                }
            } else {
                daemon.process.setFrozen(random.nextBoolean() && world.happens("freeze"));
                ends.add(Machine.current().start("end of " + life, () -> outlive(daemon)));
                disk = newDisk();
            }
        }
        for (Machine.Task end : ends) {
            assertTrue(end.join(TimeUnit.DAYS.toNanos(1)));
        }
    }

    private SimulatedDaemon newDaemon(String name) throws ObjectStoreException {
        daemons.forEach(SimulatedDaemon::mayStop);
        daemons.add(bucket.newDaemon(name, random));
        return daemons.get(daemons.size() - 1);
    }

    private SimulatedDisk newDisk() throws IOException {
        return SimulatedDisk.create(world, fixture.newDirectory(), random);
    }

    /** A daemon is killed while it opens the volume, or soon after. */
    private void passBy(String name) throws Exception {
        SimulatedDaemon visitor = newDaemon(name);
        SimulatedDisk disk = newDisk();
        double chance = random.nextInt(3) * 0.05;
        bucket.setFaults(visitor, chance, random);
        if (chance > 0 && random.nextBoolean()) {
            disk.setFaults(random);
        }
        visitor.process.spawn("main", () -> {
            try {
                visitor.open(random, disk.directory());
            } catch (OpenException e) {
                assertTrue(chance > 0, e::toString);
            }
        });
        Machine.current().sleep(random.nextLong(TimeUnit.SECONDS.toNanos(4)));
        end(visitor);
    }

    private void live(SimulatedDaemon daemon, SimulatedDisk disk, boolean last) throws Exception {
        int operations = random.nextInt(80);
        double chance = random.nextInt(3) * 0.05;
        CompletableFuture<Void> serving = new CompletableFuture<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        current = daemon;
        daemon.endAfterBarriers(random.nextInt(20));
        daemon.process.spawn("main", () -> {
            try {
                LoopVolume volume = new LoopVolume(daemon.open(random, disk.directory()));
                StoredFileSystem stored = StoredFileSystem.open(volume, WorldSettings.files(random), history.clock());
                daemon.files = stored;
                daemon.requests = new SimulatedRequests(daemon.process, volume, random.nextInt(3));
                stored.files.awaitRemovals();
                if (!started) {
                    started = true;
                    history.start(stored.files);
                } else {
                    history.recovered(stored.files);
                }
                bucket.setFaults(daemon, chance, random);
                daemon.index.begin(random, !last);
                if (random.nextInt(3) == 0) {
                    disk.setFaults(random);
                }
                serving.complete(null);
                Machine.Task outages = daemon.startOutages(random);
                work(daemon, operations, false);
                if (last) {
                    bucket.heal(daemon);
                    disk.heal();
                    daemon.index.end();
                    outages.join(TimeUnit.DAYS.toNanos(1));
                    work(daemon, random.nextInt(40), true);
                    awaitBarrier();
                    stored.files.awaitRemovals();
                    stored.check();
                    history.compare();
                    stored.close();
                    daemon.requests.close();
                    daemon.close();
                    assertEquals(0, disk.openFiles(), "open files after the close");
                }
                end.complete(null);
            } catch (Exception e) {
                serving.completeExceptionally(e);
                end.completeExceptionally(e);
            }
        });
        Machine.current().await(serving);
        if (last) {
            Machine.current().await(end);
        } else {
            boolean patient = random.nextInt(8) == 0;
            daemon.awaitLastBarrier(random.nextLong(TimeUnit.MINUTES.toNanos(patient ? 300 : 2)));
        }
    }

    /** Waits until the store has everything. Requests that the faults delayed may still be on their way. */
    private void awaitBarrier() throws InterruptedException {
        long end = Machine.current().nanoTime() + NANOS_MAX;
        while (!history.sync()) {
            assertTrue(Machine.current().nanoTime() < end, "no barrier ends with a healthy store");
        }
    }

    /** Lets a daemon go on for a while that has lost the volume. */
    private void outlive(SimulatedDaemon daemon) {
        try {
            Machine.current().sleep(random.nextLong(TimeUnit.MINUTES.toNanos(3)));
            daemon.process.setFrozen(false);
            Machine.current().sleep(random.nextLong(TimeUnit.MINUTES.toNanos(1)));
            end(daemon);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Kills a daemon. Its requests that are on their way arrive later. */
    private void end(SimulatedDaemon daemon) throws Exception {
        if (daemon.files != null) {
            CheckedFileSystems.crashed(daemon.files.volume);
        }
        daemon.kill();
        Machine.current().after(random.nextLong(TimeUnit.MINUTES.toNanos(1)), daemon.store::landDelayed);
    }

    private void work(SimulatedDaemon daemon, int operations, boolean bounded) throws InterruptedException {
        List<Machine.Task> tasks = new ArrayList<>();
        tasks.add(Machine.current().start("snapshots", () -> snapshots.work(daemon)));
        unclear = 0;
        for (int i = 0; i < clients; i++) {
            if (!world.happens("client")) {
                continue;
            }
            int client = i;
            tasks.add(Machine.current().start("client", () -> {
                for (int operation = 0;
                        operation < operations && current == daemon && unclear < UNCLEAR_MAX;
                        operation++) {
                    step(client, bounded);
                }
            }));
        }
        for (Machine.Task task : tasks) {
            assertTrue(task.join(TimeUnit.DAYS.toNanos(1)), "a client waits for ever");
        }
    }

    private void step(int client, boolean bounded) {
        Machine machine = Machine.current();
        long began = machine.nanoTime();
        try {
            if (!world.happens("step")) {
                history.skip(client);
                return;
            }
            SimulatedDaemon daemon = current;
            String done = history.step(client, daemon.requests.of(client));
            if (done.equals(CrashHistory.ACKNOWLEDGED)) {
                daemon.acknowledged();
            }
            unclear += done.endsWith(": " + FsError.IO) ? 1 : 0;
            world.note("client " + client + " " + done);
            if (random.nextInt(10) == 0) {
                machine.sleep(random.nextLong(TimeUnit.SECONDS.toNanos(2)));
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        long took = machine.nanoTime() - began;
        assertTrue(!bounded || took < NANOS_MAX, () -> "an operation took " + took + " ns");
    }
}
