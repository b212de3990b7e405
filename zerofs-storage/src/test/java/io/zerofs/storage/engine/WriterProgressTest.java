// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.World;
import io.zerofs.core.world.Worlds;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Small overwrites of few chunks, barriers, compactions and moves, in worlds. Each writer continues after a while in which
 * the store fails.
 */
final class WriterProgressTest {
    private static final int CHUNKS = 3;
    /** With a healthy store all writers have ended after this time. */
    private static final long NANOS_MAX = TimeUnit.HOURS.toNanos(1);

    private static final EngineSettings SETTINGS = SimulatedRuntime.SETTINGS
            .with(SimulatedRuntime.SETTINGS.memory().withPageCacheBytes(0))
            .with(SimulatedRuntime.SETTINGS.compaction().withDeltas(2, 4).withTasksMax(1));

    @Test
    void everyWriterContinues() throws Exception {
        Worlds.run(40, WriterProgressTest::simulate);
    }

    @Test
    @Tag("slow")
    void everyWriterContinuesInManyInterleavings() throws Exception {
        Worlds.run(1000, WriterProgressTest::simulate);
    }

    @Test
    void aSeedIsOneWorld() throws Exception {
        Worlds.runTwice(2, WriterProgressTest::simulate);
    }

    static void simulate(World world) throws Exception {
        SplittableRandom random = new SplittableRandom(world.seed());
        FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), world.seed());
        world.run(() -> {
            Machine machine = Machine.current();
            Executor tasks = task -> machine.start("task", task);
            EngineRuntime runtime =
                    new EngineRuntime(tasks, tasks, tasks, machine::after, machine::nanoTime, machine.random());
            StorageVolume volume = new EngineFixture(random.split())
                    .open(slow(store), SETTINGS, runtime, new EngineFixture.QuietKeeper(), () -> {});
            try {
                for (int chunk = 0; chunk < CHUNKS; chunk++) {
                    write(volume, chunk, 0, filled(CHUNK, 1));
                }
                List<Machine.Task> writers = new ArrayList<>();
                for (int writer = 0; writer <= CHUNKS; writer++) {
                    SplittableRandom own = random.split();
                    writers.add(machine.start("writer", () -> writeMuch(volume, own)));
                }
                SplittableRandom movers = random.split();
                writers.add(machine.start("mover", () -> moveMuch(volume, movers)));
                for (int i = random.nextInt(10); i > 0 && world.happens("faults"); i--) {
                    setFaults(random, store);
                    machine.sleep(random.nextLong(TimeUnit.SECONDS.toNanos(3)));
                }
                store.setFaults();
                for (Machine.Task writer : writers) {
                    assertTrue(writer.join(NANOS_MAX), "a writer waits for ever");
                }
            } finally {
                volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "end"));
                volume.close();
            }
        });
    }

    /** A store whose requests take time, so that other threads run meanwhile. */
    private static ObjectStore slow(ObjectStore store) {
        return new ForwardingObjectStore(store) {
            @Override
            public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                    throws ObjectStoreException {
                pause();
                PutOutcome outcome = super.put(name, bytes, condition);
                pause();
                return outcome;
            }

            @Override
            public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                pause();
                return super.getRange(name, offset, length);
            }
        };
    }

    private static void pause() {
        try {
            Machine.current().sleep(Machine.current().random().nextLong(TimeUnit.MILLISECONDS.toNanos(100)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void setFaults(SplittableRandom random, FaultyObjectStore store) {
        double chance = random.nextInt(4) * 0.2;
        store.setFaults(
                Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.Unavailable()),
                Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.CorruptBody()),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.Unavailable()));
    }

    private static void writeMuch(StorageVolume volume, SplittableRandom random) {
        try {
            for (int i = 0; i < 150; i++) {
                if (random.nextInt(4) == 0) {
                    volume.barrier();
                    pause();
                } else {
                    write(volume, random.nextInt(CHUNKS), random.nextInt(12) * 4096, filled(100, i));
                }
            }
        } catch (VolumeException e) {
            if (e.kind() != VolumeException.Kind.CLOSED) {
                throw new AssertionError(e);
            }
        }
    }

    /** Moves chunks, some of which change between the two steps. */
    private static void moveMuch(StorageVolume volume, SplittableRandom random) {
        for (int i = 0; i < 20; i++) {
            try {
                GcSource.Move move = volume.prepareMove(new ChunkId(1, random.nextInt(CHUNKS)), seq -> true);
                pause();
                if (move != null) {
                    volume.move(move);
                }
            } catch (VolumeException e) {
                pause();
            }
        }
    }
}
