// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.Checkpointer;
import io.zerofs.storage.engine.CrashModel;
import io.zerofs.storage.engine.SimulatedRuntime;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.CheckpointSource;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.recovery.Recovery;
import io.zerofs.storage.seal.ObjectHeader;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Writers, compactions, checkpoints, moves and deletions on one thread, in an order that the seed decides. A task that
 * waits lets the others run meanwhile. A failing seed fails again.
 */
final class GcSimulationTest {
    private static final OpenSettings SETTINGS = LifecycleFixture.SETTINGS.with(SimulatedRuntime.SETTINGS);
    private static final GcSettings GC = GcSettings.DEFAULT
            .withShare(1)
            .withRequestsMax(2)
            .withGarbageShare(0.01)
            .withGrace(Duration.ofSeconds(7))
            .withIntervals(Duration.ofSeconds(5), Duration.ofSeconds(20));

    @Test
    void everyInterleavingWithGarbageCollectionKeepsAcknowledgedData() throws Exception {
        Seeds.run(6, GcSimulationTest::simulate);
    }

    @Test
    @Tag("slow")
    void manyInterleavings() throws Exception {
        Seeds.run(1000, GcSimulationTest::simulate);
    }

    private static void simulate(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        CrashModel model = new CrashModel(random.split());
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            FaultyObjectStore store = new FaultyObjectStore(fixture.bucket, seed);
            int lives = 1 + random.nextInt(4);
            for (int life = 0; life < lives; life++) {
                new Life(random, model, store, fixture.newDirectory()).live();
                store = store.restarted();
            }
            store.landDelayed();
            LifecycleFixture.Process last = fixture.process().open();
            GcFixture gc = new GcFixture(last);
            model.recovered(last.volume);
            gc.pass();
            assertEquals(SpaceAudit.scan(last.recovered.index()), SpaceAudit.believed(gc.collector.liveBytes()));
            SpaceAudit.nothingDangles(last, fixture.bucket);
            GcFixture.settle(last, gc);
            model.compareNow(last.volume);
            SpaceAudit.nothingLeaks(last, fixture.bucket);
        }
    }

    /** One process, from its opening to its crash. */
    private static final class Life {
        private final SplittableRandom random;
        private final CrashModel model;
        private final FaultyObjectStore store;
        private final SimulatedRuntime simulated;
        private final StorageVolume volume;
        private final Checkpointer keeper;
        private final GarbageCollector collector;
        private final EngineRuntime.Timer timer;
        private boolean opening = true;
        private boolean collecting;

        Life(SplittableRandom random, CrashModel model, FaultyObjectStore store, Path directory) throws Exception {
            this.random = random;
            this.model = model;
            this.store = store;
            this.simulated = new SimulatedRuntime(random.split());
            EngineRuntime real = simulated.runtime();
            timer = real.timer();
            EngineRuntime runtime = new EngineRuntime(
                    real.sealing(),
                    task -> {
                        if (opening) {
                            task.run();
                        } else {
                            real.requests().execute(task);
                        }
                    },
                    real.uploads(),
                    this::later,
                    real.nanoTime(),
                    real.random());
            Recovery.Recovered recovered = new Recovery(
                            store,
                            SETTINGS,
                            new Recovery.Environment(runtime, InstantSource.system(), "a simulation"),
                            OpenProgress.SILENT)
                    .recover(LifecycleFixture.PASSWORD, directory);
            keeper = recovered.keeper();
            volume = new StorageVolume(
                    recovered.volume(), SETTINGS.compression(), SETTINGS.engine(), runtime, new Pumping(keeper));
            collector = new GarbageCollector(GC, runtime, recovered.volume(), new Source(volume), keeper);
            volume.setGcHook(collector);
            opening = false;
        }

        /** Not the checkpoints that a keeper makes by itself once a day: one of them in the middle of another is none. */
        private void later(long nanos, Runnable task) {
            if (nanos < Duration.ofDays(1).toNanos()) {
                timer.after(nanos, task);
            }
        }

        void live() throws Exception {
            try {
                model.recovered(volume);
                setFaults();
                if (random.nextBoolean()) {
                    store.crashAtRequest(store.requestNumber() + 1 + random.nextInt(120), random.nextBoolean());
                }
                int steps = random.nextInt(400);
                for (int i = 0; i < steps && !store.isCrashed(); i++) {
                    step();
                    if (random.nextInt(50) == 0) {
                        compare();
                    }
                }
            } finally {
                simulated.crash();
                store.crash();
                volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
                volume.close();
                model.forgetBarriers();
            }
        }

        private void step() throws Exception {
            switch (random.nextInt(14)) {
                case 0, 1, 2, 3 -> model.operate(volume);
                case 4 -> model.beginBarrier(volume);
                case 5 -> simulated.passTime();
                case 6 -> {
                    if (random.nextInt(3) == 0) {
                        keeper.request();
                    }
                }
                case 7 -> {
                    // Passes of an idle volume move more.
                    for (int pass = random.nextInt(3); pass >= 0; pass--) {
                        collect();
                    }
                }
                default -> simulated.runOne();
            }
            model.noteAnswers();
        }

        private void collect() throws VolumeException, CorruptObjectException {
            collecting = true;
            try {
                collector.pass();
            } catch (ObjectStoreException e) {
                // An injected fault, or the end of this process.
                assertTrue(e.getMessage().contains("injected"), e::getMessage);
            } catch (VolumeException e) {
                if (e.kind() != VolumeException.Kind.UNAVAILABLE) {
                    throw e;
                }
            } finally {
                collecting = false;
            }
        }

        private void compare() throws VolumeException {
            try {
                model.compareNow(volume);
            } catch (VolumeException e) {
                if (e.kind() != VolumeException.Kind.UNAVAILABLE && !store.isCrashed()) {
                    throw e;
                }
            }
        }

        /** Lets others run, writers too, until it is done. */
        private <T> CompletableFuture<T> pumped(CompletableFuture<T> future) {
            while (!future.isDone()) {
                if (random.nextInt(4) == 0) {
                    interfere();
                }
                assertTrue(simulated.runOne() || simulated.passTime(), "nobody will ever be answered");
                model.noteAnswers();
            }
            return future;
        }

        /** The work of writers and compaction during garbage collection. */
        private void interfere() {
            try {
                if (random.nextBoolean()) {
                    simulated.runOne();
                } else if (collecting && !store.isCrashed()) {
                    model.operate(volume);
                }
            } catch (VolumeException e) {
                throw new AssertionError(e);
            }
        }

        private void setFaults() {
            double chance = random.nextInt(3) * 0.06;
            store.setFaults(
                    Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.Unavailable()),
                    Fault.on(StoreOperation.DELETE, "", chance, new Fault.Unavailable()),
                    Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
                    Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.NOT_APPLIED)),
                    Fault.on(
                            StoreOperation.PUT,
                            "commits/",
                            chance,
                            new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER)));
        }

        /** A keeper that waits by letting others run. */
        private final class Pumping implements CheckpointHook {
            private final CheckpointHook keeper;

            Pumping(CheckpointHook keeper) {
                this.keeper = keeper;
            }

            @Override
            public void start(CheckpointSource source) {
                keeper.start(new Source((GcSource) source));
            }

            @Override
            public void applied(ObjectHeader header) {
                keeper.applied(header);
            }

            @Override
            public boolean hasRoom() {
                return keeper.hasRoom();
            }

            @Override
            public boolean awaitRoom(long nanosMax) throws InterruptedException {
                return keeper.awaitRoom(nanosMax);
            }

            @Override
            public void finish() {
                keeper.finish();
            }
        }

        /** A volume whose futures are done when they are handed out. */
        private final class Source implements GcSource {
            private final GcSource source;

            Source(GcSource source) {
                this.source = source;
            }

            @Override
            public AppliedCommit lastApplied() {
                return source.lastApplied();
            }

            @Override
            public void checkpoint(Path target) throws VolumeException {
                source.checkpoint(target);
            }

            @Override
            public CompletableFuture<Long> cut() {
                return pumped(source.cut());
            }

            @Override
            public void stop(VolumeException reason) {
                source.stop(reason);
            }

            @Override
            public Move prepareMove(ChunkId chunk, LongPredicate victims) throws VolumeException {
                return source.prepareMove(chunk, victims);
            }

            @Override
            public boolean move(Move move) throws VolumeException {
                return source.move(move);
            }

            @Override
            public CompletableFuture<Long> forget(List<byte[]> keys) throws VolumeException {
                return pumped(source.forget(keys));
            }

            /** Asked between reading chunks and putting them into a commit: the moment for others to change them. */
            @Override
            public boolean awaitsBarrier() {
                for (int i = random.nextInt(12); i > 0; i--) {
                    interfere();
                }
                return false;
            }

            @Override
            public long requests() {
                return source.requests();
            }
        }
    }
}
