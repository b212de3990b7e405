// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zerofs.core.files.Directories;
import io.zerofs.core.random.Seeds;
import io.zerofs.server.load.SoakClient;
import io.zerofs.server.load.SoakHistory;
import io.zerofs.server.load.SoakHistory.Content;
import io.zerofs.server.load.SoakNbd;
import io.zerofs.server.load.SoakNfs;
import io.zerofs.server.load.SoakNineP;
import io.zerofs.server.load.SoakSteps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The machine of a {@code file://} store loses power. The real program works on a file system of the kernel, whose disk
 * records its writes and flushes. Then the program opens the disk as cuts at random moments would have left it. Every
 * change that an fsync acknowledged before the cut is there, and of the later changes a prefix. POWER_CUTS=50 makes more
 * cuts.
 */
@Tag("system")
class PowerCutTest {
    private static final int CUTS = Integer.parseInt(System.getenv().getOrDefault("POWER_CUTS", "3"));
    private static final int REQUESTS = Integer.parseInt(System.getenv().getOrDefault("POWER_CUT_REQUESTS", "150"));
    private static final long DEVICE_BYTES = 4 << 20;
    private static final int IMAGE_MIB = 400;
    private static final Duration MOUNT_MAX = Duration.ofMinutes(3);

    @RegisterExtension
    final Scratch scratch = new Scratch();

    private final int ninep = Ports.free();
    private final int nbd = Ports.free();
    private Daemon daemon;
    private RecordedDisk disk;
    private List<Client> clients;

    @Test
    void acknowledgedChangesSurviveOnExt4() throws Exception {
        recordAndCut("ext4");
    }

    @Test
    void acknowledgedChangesSurviveOnXfs() throws Exception {
        recordAndCut("xfs");
    }

    private void recordAndCut(String type) throws Exception {
        String obstacle = BlockMount.obstacle(scratch.directory());
        assumeTrue(obstacle.isEmpty(), obstacle);
        Path mount = scratch.path("mount");
        daemon = scratch.daemon("d")
                .store(mount.resolve("store"))
                .cache(mount.resolve("cache"))
                .with("""
                        [servers.ninep]
                        port = %d
                        [servers.nbd]
                        port = %d
                        [lsm]
                        flush_interval_secs = 0.2
                        [gc]
                        grace_secs = 1
                        """, ninep, nbd);
        Seeds.run(seed -> {
            Random random = new Random(seed);
            Path image = scratch.path("image");
            BlockMount.make(type, image, IMAGE_MIB);
            disk = new RecordedDisk(image, BlockMount.sectorBytes(type));
            int begin = record(random);
            for (int i = 0; i < CUTS; i++) {
                cut(begin + random.nextInt(disk.position() + 1 - begin), random);
            }
            disk.close();
        });
    }

    /** Works until the power is gone. Returns the position at which the volume was there. */
    private int record(Random random) throws Exception {
        Path fuse = Files.createDirectories(scratch.path("fuse"));
        Running export = Tool.NBDFUSE.command(fuse.resolve("disk"), disk.uri()).start();
        try {
            await().atMost(MOUNT_MAX).until(() -> Files.exists(fuse.resolve("disk")));
            try (BlockMount mount = new BlockMount(fuse.resolve("disk"), scratch.path("mount"));
                    AutoCloseable end = daemon::close) {
                daemon.start();
                int begin = disk.position();
                work(random);
                return begin;
            }
        } finally {
            Command.of("umount", fuse).run();
            export.awaitEnd(MOUNT_MAX);
            disk.stop();
        }
    }

    private void work(Random random) throws Exception {
        clients = List.of(
                new Client(0, random, () -> new SoakNfs(daemon.nfsPort(), "nfs")),
                new Client(1, random, () -> new SoakNineP(ninep, "ninep")),
                new Client(2, random, () -> new SoakNbd(daemon.nfsPort(), nbd, "nbd", DEVICE_BYTES)));
        ExecutorService threads = Executors.newFixedThreadPool(clients.size());
        try {
            for (Future<Void> each : threads.invokeAll(clients)) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    /** One client, which works until it has made its requests. */
    private final class Client implements Callable<Void> {
        private final Callable<SoakClient> connect;
        private final History history;
        private final SoakSteps steps;

        Client(int index, Random random, Callable<SoakClient> connect) throws Exception {
            this.connect = connect;
            try (SoakClient client = connect.call()) {
                history = new History(SoakSteps.readAll(client));
            }
            steps = new SoakSteps(index, new Random(random.nextLong()), history);
        }

        @Override
        public Void call() throws Exception {
            int requests = REQUESTS;
            while (requests > 0) {
                try (SoakClient client = connect.call()) {
                    while (requests > 0 && steps.step(client)) {
                        requests--;
                    }
                }
            }
            return null;
        }

        void check(int position) throws Exception {
            try (SoakClient client = connect.call()) {
                history.check(position, SoakSteps.readAll(client));
            }
        }
    }

    /** All states of a client's files, each with the position of the disk before its change and after its fsync. */
    private final class History extends SoakHistory {
        private final List<SortedMap<String, Content>> all = new ArrayList<>();
        private final List<Integer> begun = new ArrayList<>();
        private final TreeMap<Integer, Integer> durable = new TreeMap<>();

        History(SortedMap<String, Content> state) {
            super(state);
            all.add(state);
            begun.add(0);
            durable.put(0, 0);
        }

        @Override
        public void begun(SortedMap<String, Content> next) {
            all.add(next);
            begun.add(disk.position());
            super.begun(next);
        }

        @Override
        public void durable() {
            durable.put(disk.position(), all.size() - 1);
            super.durable();
        }

        void check(int position, SortedMap<String, Content> found) throws IOException {
            int first = durable.floorEntry(position).getValue();
            int last = all.size() - 1;
            while (begun.get(last) > position) {
                last--;
            }
            assertTrue(
                    all.subList(first, last + 1).contains(found),
                    () -> "none of the states from " + first + ", which an fsync acknowledged: "
                            + differences(all.get(first), found));
        }
    }

    private void cut(int position, Random random) throws Exception {
        Path image = scratch.path("cut");
        int atRisk = disk.cut(position, random.nextLong(), image);
        boolean newCache = random.nextInt(3) == 0;
        String name = "cut at " + position + " of " + disk.position() + ", " + atRisk + " writes at risk"
                + (newCache ? ", new cache" : "");
        try (BlockMount mount = new BlockMount(image, scratch.path("mount"));
                AutoCloseable end = daemon::close) {
            if (newCache) {
                Directories.delete(scratch.path("mount").resolve("cache"));
            }
            daemon.start();
            for (Client client : clients) {
                client.check(position);
            }
            daemon.stop();
            System.out.println(name);
        } catch (Exception | AssertionError e) {
            Path kept =
                    Files.move(image, Path.of("target", "power-cut-" + position).toAbsolutePath(), REPLACE_EXISTING);
            throw new AssertionError(name + "; the disk is kept as " + kept, e);
        }
    }
}
