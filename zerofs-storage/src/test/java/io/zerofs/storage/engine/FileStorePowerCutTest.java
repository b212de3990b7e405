// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.files.DiskContent.Syncs;
import io.zerofs.storage.files.FaultyDisk;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.local.LocalObjectStore;
import io.zerofs.storage.recovery.OpenException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A volume on a local store whose machine loses power at any call of files: acknowledged operations survive, and the rest is
 * a prefix. The disk of the cache loses power at the same time, or is kept, or is new.
 */
final class FileStorePowerCutTest {
    @Test
    void acknowledgedDataSurvivesAPowerCutAndTheRestIsAPrefix() throws Exception {
        Seeds.run(seed -> new Run(seed).run(3));
    }

    @Test
    @Tag("slow")
    void theSameInManyRuns() throws Exception {
        Seeds.run(100, seed -> new Run(seed).run(8));
    }

    /** The lives of a volume, each with its daemon. */
    private static final class Run {
        private final SplittableRandom random;
        private final CrashModel model;
        private final Path directories;
        private FaultyDisk disk;
        private FaultyDisk cache;

        Run(long seed) throws Exception {
            random = new SplittableRandom(seed);
            model = new CrashModel(random.split());
            directories = EngineFixture.temporary().toRealPath();
            disk = newDisk("store");
            cache = newDisk("cache");
        }

        private FaultyDisk newDisk(String name) throws Exception {
            Path root = Files.createTempDirectory(directories, name);
            return new FaultyDisk(root, Syncs.values()[random.nextInt(Syncs.values().length)]);
        }

        void run(int lives) throws Exception {
            try {
                for (int life = 0; life < lives; life++) {
                    live();
                    boolean powerCut = random.nextInt(3) > 0;
                    disk = powerCut ? disk.powerCut(random.nextLong()) : disk.restarted();
                    cache = powerCut ? cache.powerCut(random.nextLong()) : cache.restarted();
                    if (random.nextInt(4) == 0) {
                        cache = newDisk("cache");
                    }
                }
                check();
            } catch (Exception | AssertionError e) {
                throw new AssertionError(disk.story(), e);
            } finally {
                EngineFixture.delete(directories);
            }
        }

        private void live() throws Exception {
            disk.dieAt(1 + random.nextInt(random.nextBoolean() ? 200 : 2000), random.nextBoolean());
            StorageVolume volume = openOrDie();
            if (volume == null) {
                return;
            }
            try {
                boolean alive = true;
                for (int i = random.nextInt(120); alive && i > 0; i--) {
                    alive = model.step(volume, disk::isDead);
                }
            } finally {
                disk.die();
                cache.die();
                volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
                volume.close();
            }
        }

        private StorageVolume openOrDie() throws Exception {
            StorageVolume volume;
            try {
                volume = CrashTest.open(store(Instant.now()), cache.path(), CrashTest.GC);
            } catch (OpenException e) {
                assertEquals(OpenException.Kind.STORE_UNREACHABLE, e.kind(), e.getMessage());
                assertTrue(disk.isDead(), e::getMessage);
                return null;
            } catch (ObjectStoreException e) {
                assertTrue(disk.isDead(), e::getMessage);
                return null;
            }
            try {
                model.recovered(volume);
                return volume;
            } catch (VolumeException e) {
                volume.stop(e);
                volume.close();
                assertTrue(disk.isDead(), e::getMessage);
                return null;
            }
        }

        private ObjectStore store(Instant now) throws Exception {
            return LocalObjectStore.open(disk.path().resolve("new/store"), InstantSource.fixed(now));
        }

        /** The last life is one without faults, an hour later. */
        private void check() throws Exception {
            ObjectStore store = store(Instant.now().plusSeconds(3600));
            try (StorageVolume last = CrashTest.open(store, newDisk("cache").path(), CrashTest.GC.withEnabled(false))) {
                model.recovered(last);
                last.cut().get();
                Path copy = directories.resolve("audit");
                last.checkpoint(copy);
                try (RocksIndex index = RocksIndex.open(copy, EngineFixture.NATIVE, EngineFixture.TUNING)) {
                    CollectedFindings.requireConsistent(index);
                }
            }
            try (Stream<Path> staged = Files.list(disk.path().resolve("new/store/~staging"))) {
                assertEquals(List.of(), staged.toList());
            }
        }
    }
}
