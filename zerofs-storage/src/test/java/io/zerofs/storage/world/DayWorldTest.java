// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.model.CrashHistory;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.world.World;
import io.zerofs.core.world.Worlds;
import io.zerofs.storage.fs.StoredFileSystem;
import io.zerofs.storage.gc.StoreAudit;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One daemon works for a day of virtual time, with a store that fails now and then. At its end each size is in
 * proportion to the live data.
 */
@Tag("slow")
final class DayWorldTest {
    private static final int HOURS = 24;
    private static final int SAMPLES_PER_HOUR = 10;
    private static final String LIVE = "live bytes";
    private static final long PAUSE_NANOS_MAX = TimeUnit.MINUTES.toNanos(1);
    /** The bound of a size: one part for itself, and one for each byte of live data. */
    private record Bound(double base, double perLiveByte) {}

    /** Garbage that waits for its grace makes the store several times as large as the live data. */
    private static final Map<String, Bound> BOUNDS = Map.of(
            "objects", new Bound(100, 1.0 / (16 << 10)),
            "store bytes", new Bound(4 << 20, 8),
            "cache files", new Bound(50, 1.0 / (64 << 10)),
            "cache bytes", new Bound(20 << 20, 1),
            "threads", new Bound(20, 0));

    @Test
    void nothingGrowsInADay() throws Exception {
        Worlds.run(1, DayWorldTest::simulate);
    }

    static void simulate(World world) throws Exception {
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            SimulatedDisk.loadLibrary(fixture.newDirectory());
            Day day = new Day(world, fixture);
            world.run(day::run);
            judge(day.sizes);
            StoreAudit.check(fixture);
        }
    }

    private static void judge(Map<String, List<Long>> sizes) {
        long live = late(sizes.get(LIVE));
        BOUNDS.forEach((size, bound) -> {
            long late = late(sizes.get(size));
            assertTrue(
                    late <= bound.base() + bound.perLiveByte() * live,
                    () -> "at the end " + size + " are " + late + ", with " + live + " bytes of live data");
        });
    }

    /** Returns the median of the last hours. */
    private static long late(List<Long> samples) {
        return median(samples.subList((HOURS - 6) * SAMPLES_PER_HOUR, HOURS * SAMPLES_PER_HOUR));
    }

    private static long median(List<Long> samples) {
        return samples.stream().sorted().skip(samples.size() / 2).findFirst().orElseThrow();
    }

    /** The day of one world. Confined to the threads of the world. */
    private static final class Day {
        private final World world;
        private final LifecycleFixture fixture;
        private final SplittableRandom random;
        private final CrashHistory history;
        private final Map<String, List<Long>> sizes = new TreeMap<>();

        private Day(World world, LifecycleFixture fixture) {
            this.world = world;
            this.fixture = fixture;
            random = new SplittableRandom(world.seed());
            history = new CrashHistory(random.nextLong(), 2);
        }

        void run() throws Exception {
            SimulatedDaemon daemon = new SimulatedDaemon(
                    world, "daemon", new FaultyObjectStore(fixture.bucket, random.nextLong()), new HashMap<>());
            // A SimulatedDisk remembers all file calls.
            Path cache = fixture.newDirectory();
            CompletableFuture<Void> end = new CompletableFuture<>();
            daemon.process.spawn("main", () -> {
                try {
                    live(daemon, cache);
                    end.complete(null);
                } catch (Exception | AssertionError e) {
                    end.completeExceptionally(e);
                }
            });
            Machine.current().await(end);
        }

        private void live(SimulatedDaemon daemon, Path cache) throws Exception {
            StoredFileSystem stored = StoredFileSystem.open(daemon.open(random, cache), history.clock());
            history.start(stored.files);
            double chance = random.nextInt(2) * 0.02;
            daemon.setFaults(chance, WorldSettings.faults(chance));
            Machine machine = Machine.current();
            long dusk = machine.nanoTime() + TimeUnit.HOURS.toNanos(HOURS);
            List<Machine.Task> clients = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                int client = i;
                clients.add(machine.start("client", () -> work(client, dusk)));
            }
            for (int sample = 0; sample < HOURS * SAMPLES_PER_HOUR; sample++) {
                machine.sleep(TimeUnit.HOURS.toNanos(1) / SAMPLES_PER_HOUR);
                daemon.compactIndex();
                measure(daemon, cache);
            }
            for (Machine.Task client : clients) {
                assertTrue(client.join(TimeUnit.HOURS.toNanos(1)), "a client waits for ever");
            }
            daemon.setFaults(0);
            assertTrue(history.sync(), "a barrier fails with a healthy store");
            stored.check();
            history.compare();
            stored.close();
            daemon.mayStop();
            daemon.volume.close();
        }

        private void work(int client, long dusk) {
            Machine machine = Machine.current();
            try {
                while (machine.nanoTime() < dusk) {
                    world.note("client " + client + " " + history.step(client));
                    machine.sleep(random.nextLong(PAUSE_NANOS_MAX));
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private void measure(SimulatedDaemon daemon, Path cache) throws IOException {
            List<ObjectStore.ObjectInfo> objects = fixture.bucket.list("", "", 100_000);
            note("objects", objects.size());
            note(
                    "store bytes",
                    objects.stream().mapToLong(ObjectStore.ObjectInfo::size).sum());
            note(LIVE, daemon.volume.statistics().space().liveBytes());
            note("threads", daemon.process.threads());
            try (Stream<Path> files = Files.walk(cache)) {
                List<Path> all = files.filter(Files::isRegularFile).toList();
                note("cache files", all.size());
                note(
                        "cache bytes",
                        all.stream().mapToLong(file -> file.toFile().length()).sum());
            }
        }

        private void note(String size, long value) {
            sizes.computeIfAbsent(size, unused -> new ArrayList<>()).add(value);
        }
    }
}
