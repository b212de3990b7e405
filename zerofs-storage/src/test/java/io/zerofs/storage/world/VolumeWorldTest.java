// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.World;
import io.zerofs.core.world.Worlds;
import io.zerofs.storage.gc.StoreAudit;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Daemons that live one after the other on one bucket, each with several clients, compactions, checkpoints and garbage
 * collection at tiny limits. Each life ends with a crash at any moment.
 */
final class VolumeWorldTest {
    @Test
    void everyInterleavingKeepsAcknowledgedOperations() throws Exception {
        Worlds.run(5, VolumeWorldTest::simulate);
    }

    @Test
    @Tag("slow")
    void manyWorlds() throws Exception {
        Worlds.run(1000, VolumeWorldTest::simulate);
    }

    @Test
    void aSeedIsOneWorld() throws Exception {
        Worlds.runTwice(1, VolumeWorldTest::simulate);
    }

    static void simulate(World world) throws Exception {
        simulate(world, bucket -> bucket);
    }

    /** @param broken the bucket as the daemons of the world see it */
    static void simulate(World world, UnaryOperator<ObjectStore> broken) throws Exception {
        SplittableRandom random = new SplittableRandom(world.seed());
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            FaultyObjectStore[] store = {new FaultyObjectStore(broken.apply(fixture.bucket), world.seed())};
            List<ClientModel> clients = new ArrayList<>();
            Map<String, Long> ages = new HashMap<>();
            for (int client = 0; client <= random.nextInt(4); client++) {
                clients.add(new ClientModel(client, random.split(), clients));
            }
            SnapshotModel snapshots = new SnapshotModel(random.split(), clients);
            world.run(() -> {
                int lives = 1 + random.nextInt(3);
                for (int life = 0; life <= lives; life++) {
                    boolean last = life == lives;
                    if (!last && !world.happens("life")) {
                        continue;
                    }
                    SimulatedDaemon daemon = new SimulatedDaemon(world, "daemon" + life, store[0], ages);
                    live(daemon, fixture, random, clients, snapshots, last);
                    daemon.mayStop();
                    daemon.kill();
                    store[0] = store[0].restarted();
                }
            });
            store[0].landDelayed();
            LifecycleFixture.Process after = fixture.process().open();
            for (ClientModel client : clients) {
                client.recovered(after.volume);
            }
            snapshots.check(fixture, after);
            after.shutDown();
            StoreAudit.check(fixture);
        }
    }

    private static void live(
            SimulatedDaemon daemon,
            LifecycleFixture fixture,
            SplittableRandom random,
            List<ClientModel> clients,
            SnapshotModel snapshots,
            boolean healthy)
            throws Exception {
        int operations = random.nextInt(80);
        double chance = random.nextInt(3) * 0.05;
        if (!healthy) {
            daemon.setFaults(chance, WorldSettings.faults(chance));
        }
        daemon.endAfterBarriers(random.nextInt(20));
        CompletableFuture<Void> end = new CompletableFuture<>();
        daemon.process.spawn("main", () -> {
            try {
                daemon.open(random, fixture.newDirectory());
                recovered(daemon, clients);
                snapshots.recovered();
                daemon.setFaults(chance, WorldSettings.faults(chance));
                daemon.index.begin(random, !healthy);
                Machine.Task outages = daemon.startOutages(random);
                work(daemon, clients, snapshots, operations, chance == 0);
                if (healthy) {
                    daemon.setFaults(0);
                    daemon.index.end();
                    outages.join(TimeUnit.DAYS.toNanos(1));
                    // The last requests to the faulty store may still be on their way, and reads may wait for them.
                    Machine.current().sleep(TurnStore.LATE_NANOS_MAX);
                    recovered(daemon, clients);
                    work(daemon, clients, snapshots, random.nextInt(40), true);
                    daemon.close();
                }
                end.complete(null);
            } catch (Exception e) {
                if (!daemon.isFaulty() && !daemon.index.isFaulty()) {
                    throw new AssertionError(e);
                }
                end.completeExceptionally(e);
            }
        });
        if (healthy) {
            Machine.current().await(end);
        } else {
            daemon.awaitLastBarrier(random.nextLong(TimeUnit.MINUTES.toNanos(3)));
        }
    }

    private static void recovered(SimulatedDaemon daemon, List<ClientModel> clients) throws VolumeException {
        for (ClientModel client : clients) {
            client.recovered(daemon.volume);
        }
    }

    private static void work(
            SimulatedDaemon daemon, List<ClientModel> clients, SnapshotModel snapshots, int operations, boolean healthy)
            throws InterruptedException {
        List<Machine.Task> tasks = new ArrayList<>();
        tasks.add(Machine.current().start("snapshots", () -> snapshots.work(daemon)));
        for (ClientModel client : clients) {
            if (daemon.process.world().happens("client")) {
                tasks.add(Machine.current().start("client", () -> work(daemon, client, operations, healthy)));
            }
        }
        for (Machine.Task task : tasks) {
            assertTrue(task.join(TimeUnit.DAYS.toNanos(1)), "a client waits for ever");
        }
    }

    private static void work(SimulatedDaemon daemon, ClientModel client, int operations, boolean healthy) {
        try {
            client.work(daemon, operations, healthy);
        } catch (VolumeException e) {
            boolean injected = e.kind() == VolumeException.Kind.UNAVAILABLE || e.kind() == VolumeException.Kind.CORRUPT;
            if (!daemon.index.isFaulty() && (healthy || !injected)) {
                throw new AssertionError(e);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
