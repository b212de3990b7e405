// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The engine on one thread. The seed decides the order of operations, uploads, compactions, timers and crashes, and
 * which answers are lost or late. A failing seed fails again.
 */
final class SimulationTest {
    @Test
    void everyInterleavingKeepsAcknowledgedData() throws Exception {
        Seeds.run(6, SimulationTest::simulate);
    }

    @Test
    @Tag("slow")
    void manyInterleavings() throws Exception {
        Seeds.run(1500, SimulationTest::simulate);
    }

    private static void simulate(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        CrashModel model = new CrashModel(random.split());
        EngineFixture fixture = new EngineFixture(new SplittableRandom(seed));
        FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), seed);
        int lives = 1 + random.nextInt(4);
        for (int life = 0; life < lives; life++) {
            live(random, model, fixture, store);
            store = store.restarted();
        }
        audit(fixture, store);
    }

    private static void live(SplittableRandom random, CrashModel model, EngineFixture fixture, FaultyObjectStore store)
            throws Exception {
        SimulatedRuntime simulated = new SimulatedRuntime(random.split());
        StorageVolume volume = fixture.open(
                store, SimulatedRuntime.SETTINGS, simulated.runtime(), new EngineFixture.QuietKeeper(), () -> {});
        try {
            model.recovered(volume);
            setFaults(random, store);
            if (random.nextBoolean()) {
                store.crashAtRequest(store.requestNumber() + 1 + random.nextInt(60), random.nextBoolean());
            }
            int steps = random.nextInt(250);
            for (int i = 0; i < steps && !store.isCrashed(); i++) {
                step(random, model, simulated, volume);
                if (random.nextInt(40) == 0) {
                    compare(model, volume, store);
                }
            }
            if (random.nextBoolean() && !store.isCrashed()) {
                store.setFaults();
                runUntilAllIsAnswered(model, simulated, volume, store);
                compare(model, volume, store);
            }
        } finally {
            simulated.crash();
            store.crash();
            volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
            volume.close();
            model.forgetBarriers();
        }
    }

    private static void step(
            SplittableRandom random, CrashModel model, SimulatedRuntime simulated, StorageVolume volume)
            throws Exception {
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> model.operate(volume);
            case 4 -> model.beginBarrier(volume);
            case 5 -> simulated.passTime();
            default -> simulated.runOne();
        }
        model.noteAnswers();
    }

    /** A read may be the request with which the process dies. */
    private static void compare(CrashModel model, StorageVolume volume, FaultyObjectStore store)
            throws VolumeException {
        try {
            model.compareNow(volume);
        } catch (VolumeException e) {
            if (!store.isCrashed()) {
                throw e;
            }
        }
    }

    private static void runUntilAllIsAnswered(
            CrashModel model, SimulatedRuntime simulated, StorageVolume volume, FaultyObjectStore store)
            throws Exception {
        model.beginBarrier(volume);
        model.noteAnswers();
        while (model.awaitsAnswers()) {
            if (store.isCrashed()) {
                return;
            }
            assertTrue(simulated.runOne() || simulated.passTime(), "a barrier is never answered");
            model.noteAnswers();
        }
    }

    private static void setFaults(SplittableRandom random, FaultyObjectStore store) {
        double chance = random.nextInt(4) * 0.08;
        store.setFaults(
                Fault.on(StoreOperation.PUT, "", chance, new Fault.Unavailable()),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.NOT_APPLIED)),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER)),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.WrongRefusal()));
    }

    private static void audit(EngineFixture fixture, FaultyObjectStore store) throws Exception {
        Path directory = EngineFixture.temporary();
        try (RocksIndex index = RocksIndex.open(directory, EngineFixture.NATIVE, EngineFixture.TUNING)) {
            fixture.replay(store, fixture.keys(), index);
            CollectedFindings.requireConsistent(index);
        } finally {
            EngineFixture.delete(directory);
        }
    }
}
