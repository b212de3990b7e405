// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.checkpoint.CheckpointSettings;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.RetrySettings;
import io.zerofs.storage.object.RetryingObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.seal.PassphraseKdf;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random operations, barriers and crashes, at any request, on a store that loses answers and delays puts. Operations
 * before an acknowledged barrier survive, and the rest is a prefix of whole operations. Every life of the daemon begins
 * with the real opening, with or without the last local directory. Some lives begin while the last one still runs.
 */
final class CrashTest {
    private static final Secret PASSWORD = Secret.of("crash");
    private static final OpenSettings SETTINGS = OpenSettings.DEFAULT
            .with(new PassphraseKdf(8, 1, 1))
            .with(EngineFixture.TUNING)
            .with(CheckpointSettings.DEFAULT
                    .withLogBytes(60_000)
                    .withLogCommits(12)
                    .withLogMax(1 << 20, 200)
                    .withInterval(Duration.ofMillis(500))
                    .withWatchInterval(Duration.ofMillis(200)))
            .with(EngineSettings.DEFAULT
                    .with(EngineFixture.memory(16 << 20, 2 << 20))
                    .with(EngineSettings.DEFAULT
                            .commits()
                            .withCut(200_000, 600_000)
                            .withFlushInterval(Duration.ofMillis(15))
                            .withUploads(4, 1 << 20)
                            .withBarrierDeadline(Duration.ofSeconds(2))
                            .withRetryDelayMax(Duration.ofMillis(10)))
                    .with(EngineFixture.compaction(3, 10)))
            .withRequestsMax(12);

    /** Everything at once and nearly without grace, so that deleting what is needed would be seen. */
    static final GcSettings GC = GcSettings.DEFAULT
            .withShare(1)
            .withRequestsMax(2)
            .withGarbageShare(0.05)
            .withGrace(Duration.ofMillis(5))
            .withIntervals(Duration.ofMillis(10), Duration.ofMillis(100));

    @Test
    void acknowledgedDataSurvivesAndTheRestIsAPrefix() throws Exception {
        Seeds.run(4, seed -> new Run(seed).run(6));
    }

    @Test
    @Tag("slow")
    void theSameInManyRuns() throws Exception {
        Seeds.run(200, seed -> new Run(seed).run(12));
    }

    static StorageVolume open(ObjectStore store, Path cache, GcSettings gc) throws OpenException {
        RetrySettings retries = new RetrySettings(
                Duration.ofMillis(1), Duration.ofMillis(4), Duration.ofMillis(40), Duration.ofMillis(40));
        ObjectStore patient =
                new RetryingObjectStore(store, retries, MonotonicClock.system(), ThreadLocalRandom.current());
        return VolumeOpener.open(patient, PASSWORD, SETTINGS, gc, cache, OpenProgress.SILENT);
    }

    private static final class Run {
        private final SplittableRandom random;
        private final CrashModel model;
        private final Path directories;
        private final MemoryObjectStore bucket = new MemoryObjectStore();
        private FaultyObjectStore store;
        private int machines;

        Run(long seed) throws Exception {
            random = new SplittableRandom(seed);
            model = new CrashModel(random.split());
            store = new FaultyObjectStore(bucket, seed);
            directories = EngineFixture.temporary();
        }

        void run(int lives) throws Exception {
            try {
                Path cache = newMachine();
                for (int life = 0; life < lives; life++) {
                    cache = random.nextInt(3) == 0 ? newMachine() : cache;
                    live(cache);
                    store = store.restarted();
                }
                store.setFaults();
                // Without garbage collection, which might be in the middle of a move when the index is looked at.
                GcSettings none = GC.withEnabled(false);
                try (StorageVolume last = CrashTest.open(store, newMachine(), none)) {
                    model.recovered(last);
                    try (RocksIndex index = indexOf(last)) {
                        CollectedFindings.requireConsistent(index);
                    }
                }
            } finally {
                EngineFixture.delete(directories);
            }
        }

        private Path newMachine() {
            return directories.resolve("cache" + ++machines);
        }

        /** One daemon, from its opening to its crash. */
        private void live(Path cache) throws Exception {
            setFaults();
            store.crashAtRequest(1 + random.nextInt(random.nextBoolean() ? 30 : 300), random.nextBoolean());
            StorageVolume volume = openOrCrash(cache);
            if (volume == null) {
                return;
            }
            try {
                int operations = random.nextInt(120);
                boolean alive = true;
                for (int i = 0; alive && i < operations; i++) {
                    alive = model.step(volume, store::isCrashed);
                }
                if (alive && random.nextInt(3) == 0) {
                    takeOver(volume);
                    return;
                }
                if (alive && random.nextInt(3) == 0) {
                    closeInOrder(volume);
                }
            } finally {
                store.crash();
                volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
                volume.close();
            }
        }

        private void closeInOrder(StorageVolume volume) {
            try {
                model.acknowledgeAll(volume::close);
            } catch (VolumeException e) {
                assertFalse(e.kind() == VolumeException.Kind.CORRUPT, e::getMessage);
            }
        }

        /** Another daemon opens the volume while this one continues, until this one notices it. */
        private void takeOver(StorageVolume old) throws Exception {
            Thread zombie = new Thread(() -> {
                boolean alive = true;
                while (alive) {
                    alive = model.step(old, store::isCrashed);
                }
            });
            FaultyObjectStore others = new FaultyObjectStore(bucket, random.nextLong());
            zombie.start();
            StorageVolume taken = open(others, newMachine());
            zombie.join();
            old.stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
            try {
                model.recovered(taken);
                for (int i = 0; i < 20; i++) {
                    model.step(taken, others::isCrashed);
                }
            } finally {
                others.crash();
                taken.stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
                taken.close();
            }
        }

        private StorageVolume openOrCrash(Path cache) throws Exception {
            StorageVolume volume;
            try {
                volume = open(store, cache);
            } catch (OpenException e) {
                // A manifest of a dead daemon, still on its way, may land in the middle of a claim.
                if (e.kind() == OpenException.Kind.STORE_UNREACHABLE
                        || e.kind() == OpenException.Kind.OWNED_BY_NEWER_WRITER) {
                    return null;
                }
                throw e;
            }
            try {
                model.recovered(volume);
                return volume;
            } catch (VolumeException e) {
                volume.stop(e);
                volume.close();
                if (e.kind() == VolumeException.Kind.UNAVAILABLE) {
                    return null;
                }
                throw e;
            }
        }

        private static StorageVolume open(ObjectStore store, Path cache) throws OpenException {
            return CrashTest.open(store, cache, GC);
        }

        private RocksIndex indexOf(StorageVolume volume) throws Exception {
            volume.cut().get();
            Path copy = directories.resolve("audit");
            volume.checkpoint(copy);
            return RocksIndex.open(copy, EngineFixture.NATIVE, EngineFixture.TUNING);
        }

        private void setFaults() {
            double chance = random.nextInt(3) * 0.05;
            store.setFaults(
                    Fault.on(
                            StoreOperation.PUT,
                            "commits/",
                            1,
                            new Fault.Latency(Duration.ZERO, Duration.ofMillis(random.nextInt(1, 8)))),
                    Fault.onAll(chance, new Fault.Unavailable()),
                    Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
                    Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.NOT_APPLIED)),
                    Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER)),
                    Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.WrongRefusal()));
        }
    }
}
