// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import com.sun.management.OperatingSystemMXBean;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * The cost of a small write and a small read through the volume, on one thread, with a store that answers at once.
 * Run it as a program; the argument is the number of seconds for each measurement.
 */
public final class EngineBenchmark {
    private static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final int BLOCK = 4096;
    private static final int FILE_CHUNKS = 1024;
    private static final int WARM_UP_ROUNDS = 2;
    private static final int BATCH = 1000;

    private final StorageVolume volume;
    private final SplittableRandom random = new SplittableRandom(1);
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(Volume.CHUNK_BYTES);
    private final byte[] inodeKey = {1, 0, 0, 0, 0, 0, 0, 0, 9};
    private final byte[] inode = new byte[90];

    private EngineBenchmark(StorageVolume volume) {
        this.volume = volume;
    }

    private interface Step {
        void run() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        double seconds = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 5;
        try (StorageVolume volume = new EngineFixture().open(new MemoryObjectStore(), EngineSettings.DEFAULT)) {
            EngineBenchmark benchmark = new EngineBenchmark(volume);
            benchmark.random.nextBytes(benchmark.inode);
            benchmark.measure("put of one record", seconds, benchmark::putRecord);
            benchmark.measure("4 KiB random write, new file", seconds, () -> benchmark.writeBlock(true));
            benchmark.measure("256 KiB sequential write", seconds, benchmark::writeChunk);
            benchmark.measure("4 KiB random overwrite", seconds, () -> benchmark.writeBlock(false));
            benchmark.measure("4 KiB random read", seconds, benchmark::readBlock);
            benchmark.measure("barrier after 4 KiB", seconds, benchmark::writeAndSync);
        }
    }

    private void measure(String what, double seconds, Step step) throws Exception {
        for (int round = 0; round <= WARM_UP_ROUNDS; round++) {
            long end = System.nanoTime() + (long) (seconds * 1e9 / (WARM_UP_ROUNDS + 1));
            long start = System.nanoTime();
            long thread = THREAD.getCurrentThreadCpuTime();
            long process = PROCESS.getProcessCpuTime();
            long count = 0;
            while (System.nanoTime() < end) {
                for (int i = 0; i < (what.startsWith("barrier") ? 1 : BATCH); i++) {
                    step.run();
                }
                count += what.startsWith("barrier") ? 1 : BATCH;
            }
            thread = THREAD.getCurrentThreadCpuTime() - thread;
            process = PROCESS.getProcessCpuTime() - process;
            if (round == WARM_UP_ROUNDS) {
                System.out.printf(
                        "%-30s %9.0f /s   processor time each: caller %6.2f us, all threads %6.2f us%n",
                        what, count * 1e9 / (System.nanoTime() - start), thread / 1e3 / count, process / 1e3 / count);
            }
        }
    }

    private void putRecord() throws Exception {
        Batch batch = volume.newBatch();
        batch.put(inodeKey, inode);
        try (Reservation room = volume.reserve(null, 100)) {
            volume.apply(batch);
        }
    }

    private void writeBlock(boolean newFile) throws Exception {
        int at = random.nextInt(FILE_CHUNKS * (Volume.CHUNK_BYTES / BLOCK));
        long index = at / (Volume.CHUNK_BYTES / BLOCK);
        ChunkId id = new ChunkId(newFile ? 2 : 9, index);
        Batch batch = volume.newBatch();
        block.putLong(0, random.nextLong());
        batch.writeChunk(id, at % (Volume.CHUNK_BYTES / BLOCK) * BLOCK, block);
        batch.put(inodeKey, inode);
        try (Reservation room = volume.reserve(new ChunkRange(id.inode(), index, index + 1), BLOCK)) {
            volume.apply(batch);
        }
    }

    private long next;

    private void writeChunk() throws Exception {
        long index = next++ % FILE_CHUNKS;
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(9, index), 0, chunk);
        batch.put(inodeKey, inode);
        try (Reservation room = volume.reserve(new ChunkRange(9, index, index + 1), Volume.CHUNK_BYTES)) {
            volume.apply(batch);
        }
    }

    private void readBlock() throws Exception {
        int at = random.nextInt(FILE_CHUNKS * (Volume.CHUNK_BYTES / BLOCK));
        block.clear();
        volume.read(9, (long) at * BLOCK, block);
    }

    private void writeAndSync() throws Exception {
        writeBlock(false);
        volume.barrier().get();
    }
}
