// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.model.CrashHistory;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.world.World;
import io.zerofs.storage.fs.StoredFileSystem;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The file system with its removal queue, on volumes that live one after the other in one bucket. Several clients work at
 * a time, and each life but the last ends with a crash at any moment.
 */
final class FileSystemWorldTest {
    /** With a healthy store no operation takes longer, in virtual time. */
    private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(10);

    private final SplittableRandom random;
    private final World world;
    private final int clients;
    private final CrashHistory history;

    private FileSystemWorldTest(long seed) {
        random = new SplittableRandom(seed);
        world = new World(seed);
        clients = 1 + random.nextInt(3);
        history = new CrashHistory(random.nextLong(), clients);
    }

    /** JUnit's own. */
    FileSystemWorldTest() {
        this(0);
    }

    @Test
    void aCrashLeavesATreeOfOneMoment() throws Exception {
        Seeds.run(5, FileSystemWorldTest::simulate);
    }

    @Test
    @Tag("slow")
    void manyWorlds() throws Exception {
        Seeds.run(1000, FileSystemWorldTest::simulate);
    }

    @Test
    void aSeedIsOneWorld() throws Exception {
        Seeds.run(2, seed -> assertEquals(simulate(seed), simulate(seed), "the digest of the second world"));
    }

    static long simulate(long seed) throws Exception {
        FileSystemWorldTest test = new FileSystemWorldTest(seed);
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            test.world.run(() -> {
                FaultyObjectStore store = new FaultyObjectStore(fixture.bucket, seed);
                int lives = 1 + test.random.nextInt(3);
                for (int life = 0; life <= lives; life++) {
                    SimulatedDaemon daemon = new SimulatedDaemon(test.world, "daemon" + life, store);
                    test.live(daemon, fixture, life == 0, life == lives);
                    daemon.kill();
                    store = store.restarted();
                }
            });
        }
        return test.world.digest();
    }

    private void live(SimulatedDaemon daemon, LifecycleFixture fixture, boolean first, boolean last) throws Exception {
        int operations = random.nextInt(80);
        double chance = last ? 0 : random.nextInt(3) * 0.05;
        CompletableFuture<Void> serving = new CompletableFuture<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        daemon.process.spawn("main", () -> {
            try {
                Volume volume = daemon.open(
                        WorldSettings.volume(random), WorldSettings.garbage(random), fixture.newDirectory());
                StoredFileSystem stored = StoredFileSystem.open(volume, history.clock());
                stored.files.awaitRemovals();
                if (first) {
                    history.start(stored.files);
                } else {
                    history.recovered(stored.files);
                }
                daemon.store.setFaults(WorldSettings.faults(chance));
                serving.complete(null);
                work(operations, last);
                if (last) {
                    stored.check();
                    stored.close();
                    daemon.volume.close();
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
            Machine.current().sleep(random.nextLong(TimeUnit.MINUTES.toNanos(2)));
            CheckedFileSystems.crashed(daemon.volume);
        }
    }

    private void work(int operations, boolean bounded) throws InterruptedException {
        List<Machine.Task> tasks = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            int client = i;
            tasks.add(Machine.current().start("client", () -> {
                for (int operation = 0; operation < operations; operation++) {
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
            history.step(client);
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
