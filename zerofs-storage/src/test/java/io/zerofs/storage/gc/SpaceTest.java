// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How small the store gets after loads that leave much garbage. */
@Tag("slow")
final class SpaceTest {
    private static final System.Logger LOG = System.getLogger("zerofs");
    private static final double BOUND = 1.3;

    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void aFileThatWasOverwrittenAtRandomTakesLittleMoreThanItsSize() throws Exception {
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            Process process = fixture.process().open();
            GcFixture gc = new GcFixture(process, GcSettings.DEFAULT);
            int chunks = 128;
            for (int chunk = 0; chunk < chunks; chunk++) {
                write(process, 1, chunk, 0, 1 << 18);
            }
            process.barrier();
            for (int i = 1; i <= 24_000; i++) {
                write(process, 1, random.nextInt(chunks), random.nextInt(64) * 4096, 4096);
                if (i % 16 == 0) {
                    process.barrier();
                }
                if (i % 2000 == 0) {
                    process.checkpoint();
                    gc.passTime(GcSettings.DEFAULT.grace()).pass();
                    report("overwriting", fixture, (long) chunks << 18);
                }
            }
            settle(process, gc);
            double ratio = report("settled", fixture, (long) chunks << 18);
            assertTrue(ratio <= BOUND, () -> "the store has " + ratio + " times the size of the file");
        }
    }

    @Test
    void filesThatWereRewrittenTakeLittleMoreThanTheirSizeAndRemovedOnesNothing() throws Exception {
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            Process process = fixture.process().open();
            GcFixture gc = new GcFixture(process, GcSettings.DEFAULT);
            int[] sizes = new int[4000];
            for (int file = 0; file < sizes.length; file++) {
                sizes[file] = rewrite(process, file, true);
            }
            for (int file = 0; file < sizes.length; file++) {
                sizes[file] = random.nextBoolean() ? rewrite(process, file, false) : sizes[file];
            }
            long live = 0;
            for (int file = 0; file < sizes.length; file++) {
                if (sizes[file] > 0) {
                    rewrite(process, file, true);
                    live += rewrite(process, file, true);
                }
            }
            settle(process, gc);
            double ratio = report("settled", fixture, live);
            assertTrue(ratio <= BOUND, () -> "the store has " + ratio + " times the size of the files");

            for (int file = 0; file < sizes.length; file++) {
                rewrite(process, file, false);
            }
            settle(process, gc);
            long left = storeBytes(fixture);
            LOG.log(System.Logger.Level.INFO, left + " bytes are left after all was removed");
            assertTrue(left < 1 << 20, () -> left + " bytes are left");
        }
    }

    private void settle(Process process, GcFixture gc) throws Exception {
        process.barrier();
        for (int i = 0; i < 3; i++) {
            GcFixture.settle(process, gc);
        }
    }

    private void write(Process process, long inode, long chunk, int offset, int length) throws Exception {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        Batch batch = process.volume.newBatch();
        batch.writeChunk(new ChunkId(inode, chunk), offset, ByteBuffer.wrap(bytes));
        try (Reservation room = process.volume.reserve(new ChunkRange(inode, chunk, chunk + 1), length)) {
            process.volume.apply(batch);
        }
    }

    /** Removes the data and the records of a file, and writes 1 to 64 KiB. Returns its size. */
    private int rewrite(Process process, int file, boolean again) throws Exception {
        byte[] bytes = new byte[again ? 1024 + random.nextInt(63 * 1024) : 0];
        random.nextBytes(bytes);
        Batch batch = process.volume.newBatch();
        batch.deleteChunk(new ChunkId(file, 0));
        for (byte kind = 1; kind <= 4; kind++) {
            byte[] key = ByteBuffer.allocate(5).put(kind).putInt(file).array();
            if (again) {
                batch.put(key, new byte[60]);
            } else {
                batch.delete(key);
            }
        }
        batch.writeChunk(new ChunkId(file, 0), 0, ByteBuffer.wrap(bytes));
        try (Reservation room = process.volume.reserve(new ChunkRange(file, 0, 1), bytes.length + 400)) {
            process.volume.apply(batch);
        }
        return bytes.length;
    }

    private static double report(String what, LifecycleFixture fixture, long live) throws Exception {
        double ratio = (double) storeBytes(fixture) / live;
        LOG.log(System.Logger.Level.INFO, what + ": the store has " + ratio + " times the live data");
        return ratio;
    }

    private static long storeBytes(LifecycleFixture fixture) throws Exception {
        return fixture.bucket.list("", "", 1_000_000).stream()
                .mapToLong(ObjectStore.ObjectInfo::size)
                .sum();
    }
}
