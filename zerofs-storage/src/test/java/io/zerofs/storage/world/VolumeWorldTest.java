// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.World;
import io.zerofs.storage.checkpoint.CheckpointSettings;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Daemons that live one after the other on one bucket, each with several clients, compactions, checkpoints and garbage
 * collection at tiny limits. Each life ends with a crash at any moment.
 */
final class VolumeWorldTest {
    @Test
    void everyInterleavingKeepsAcknowledgedOperations() throws Exception {
        Seeds.run(10, VolumeWorldTest::simulate);
    }

    @Test
    @Tag("slow")
    void manyWorlds() throws Exception {
        Seeds.run(1000, VolumeWorldTest::simulate);
    }

    @Test
    void aSeedIsOneWorld() throws Exception {
        Seeds.run(2, seed -> assertEquals(simulate(seed), simulate(seed), "the digest of the second world"));
    }

    private static OpenSettings settings(SplittableRandom random) {
        EngineSettings defaults = EngineSettings.DEFAULT;
        long dirty = random.nextLong(1 << 20, 4 << 20);
        int cut = random.nextInt(20_000, 300_000);
        EngineSettings engine = defaults.with(defaults.memory()
                        .withDirtyBytesMax(Math.max(dirty, 2L * io.zerofs.core.volume.Volume.RESERVATION_BYTES_MAX))
                        .withPageCacheBytes(random.nextInt(1 << 20))
                        .withEntriesMax(1 + random.nextInt(64)))
                .with(defaults.commits()
                        .withCut(cut, 2 * cut)
                        .withFlushInterval(Duration.ofSeconds(1 + random.nextInt(10)))
                        .withUploads(1 + random.nextInt(4), 3L * cut)
                        .withBarrierDeadline(Duration.ofSeconds(60))
                        .withRetryDelayMax(Duration.ofSeconds(2)))
                .with(defaults.compaction()
                        .withDeltas(2 + random.nextInt(4), 7 + random.nextInt(10))
                        .withTasksMax(1 + random.nextInt(2))
                        .withBaseAt(1 + random.nextInt(32)));
        int commits = 3 + random.nextInt(20);
        return LifecycleFixture.SETTINGS
                .with(engine)
                .with(CheckpointSettings.DEFAULT
                        .withLogCommits(commits)
                        .withLogMax(1L << 30, commits * (1 + random.nextInt(4)))
                        .withInterval(Duration.ofSeconds(20 + random.nextInt(600)))
                        .withWatchInterval(Duration.ofSeconds(1 + random.nextInt(60))));
    }

    private static GcSettings garbage(SplittableRandom random) {
        return GcSettings.DEFAULT
                .withShare(1)
                .withRequestsMax(1 + random.nextInt(3))
                .withGarbageShare(0.01)
                .withGrace(Duration.ofSeconds(random.nextInt(30)))
                .withIntervals(Duration.ofSeconds(1 + random.nextInt(10)), Duration.ofSeconds(20));
    }

    static long simulate(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        World world = new World(seed);
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            FaultyObjectStore[] store = {new FaultyObjectStore(fixture.bucket, seed)};
            List<ClientModel> clients = new ArrayList<>();
            for (int client = 0; client <= random.nextInt(4); client++) {
                clients.add(new ClientModel(client, random.split()));
            }
            world.run(() -> {
                int lives = 1 + random.nextInt(3);
                for (int life = 0; life <= lives; life++) {
                    boolean last = life == lives;
                    SimulatedDaemon daemon = new SimulatedDaemon(world, "daemon" + life, store[0]);
                    live(daemon, fixture, random, clients, last);
                    daemon.kill();
                    store[0] = store[0].restarted();
                }
            });
        }
        return world.digest();
    }

    private static void live(
            SimulatedDaemon daemon,
            LifecycleFixture fixture,
            SplittableRandom random,
            List<ClientModel> clients,
            boolean healthy)
            throws Exception {
        OpenSettings settings = settings(random);
        GcSettings garbage = garbage(random);
        int operations = random.nextInt(80);
        if (!healthy) {
            setFaults(random, daemon.store);
        }
        CompletableFuture<Void> end = new CompletableFuture<>();
        daemon.process.spawn("main", () -> {
            try {
                daemon.open(settings, garbage, fixture.newDirectory());
                for (ClientModel client : clients) {
                    client.recovered(daemon.volume);
                }
                List<Machine.Task> tasks = new ArrayList<>();
                for (ClientModel client : clients) {
                    tasks.add(Machine.current().start("client", () -> work(daemon, client, operations, healthy)));
                }
                for (Machine.Task task : tasks) {
                    task.join(TimeUnit.DAYS.toNanos(1));
                }
                if (healthy) {
                    daemon.volume.close();
                }
                end.complete(null);
            } catch (Exception e) {
                end.completeExceptionally(e);
            }
        });
        if (healthy) {
            Machine.current().await(end);
        } else {
            Machine.current().sleep(random.nextLong(TimeUnit.MINUTES.toNanos(3)));
        }
    }

    private static void work(SimulatedDaemon daemon, ClientModel client, int operations, boolean healthy) {
        try {
            client.work(daemon.volume, operations, healthy);
        } catch (VolumeException e) {
            if (healthy || e.kind() != VolumeException.Kind.UNAVAILABLE) {
                throw new AssertionError(e);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void setFaults(SplittableRandom random, FaultyObjectStore store) {
        double chance = random.nextInt(3) * 0.05;
        store.setFaults(
                Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.Unavailable()),
                Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.Unavailable()),
                Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.CorruptBody()),
                Fault.on(StoreOperation.DELETE, "", chance, new Fault.Unavailable()),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.NOT_APPLIED)),
                Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER)));
    }
}
