// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The order of files in a volume whose clients have been idle for a while. */
final class IdleVolumeTest {
    private static final int CHUNKS = 128;

    /** A share of garbage, almost half, for which no commit is rewritten. */
    private static final GcSettings PATIENT = GcSettings.DEFAULT
            .withShare(1)
            .withRequestsMax(2)
            .withGarbageShare(0.99)
            .withGrace(GcFixture.GRACE)
            .withIntervals(Duration.ofSeconds(5), Duration.ofHours(1));

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private Process process;

    @BeforeEach
    void open() throws Exception {
        process = fixture.process().open();
    }

    @Test
    void neighboursThatLieInManyCommitsArePutSideBySideOnce() throws Exception {
        GcFixture gc = new GcFixture(process, PATIENT);
        List<Integer> order = new ArrayList<>(IntStream.range(0, CHUNKS).boxed().toList());
        Collections.shuffle(order, new Random(1));
        for (int i = 0; i < CHUNKS; i++) {
            write(1, order.get(i), 32 << 10);
            // A file that is read in the order of its writes stays unchanged.
            write(2, i, 96 << 10);
            if (i % 32 == 0) {
                process.barrier();
            }
        }
        process.barrier().checkpoint();
        assertTrue(requests(1) > CHUNKS / 2, () -> requests(1) + " requests");

        gc.pass().pass();
        assertEquals(0, gc.collector.statistics().movedChunks(), "somebody may come back");
        gc.pass();
        assertEquals(CHUNKS, gc.collector.statistics().movedChunks());
        assertEquals(1, requests(1), "commits that a reader in order comes to");

        write(3, 0, 1000);
        process.barrier();
        for (int i = 0; i < 10; i++) {
            gc.passTime(Duration.ofHours(1)).pass();
        }
        assertEquals(CHUNKS, gc.collector.statistics().movedChunks());
    }

    @Test
    void aFileThatCameOverASlowLinkInSmallCommitsIsNotSentAgain() throws Exception {
        ManualMonotonicClock clock = new ManualMonotonicClock();
        Traffic slow = new Traffic(ConnectionSettings.DEFAULTS, clock);
        Traffic.Transfer first = slow.attempt(1 << 20, () -> {});
        first.begin();
        clock.advance(Duration.ofSeconds(8));
        first.answered(true);
        first.end();
        ObjectStore store = new ForwardingObjectStore(new MemoryObjectStore()) {
            @Override
            public Traffic traffic() {
                return slow;
            }
        };
        process = fixture.process(fixture.newDirectory(), store).open();
        GcFixture gc = new GcFixture(process, PATIENT);
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            write(1, chunk, Volume.CHUNK_BYTES);
            if (chunk % 4 == 3) {
                process.barrier();
            }
        }
        process.checkpoint();
        for (int i = 0; i < 5; i++) {
            gc.passTime(Duration.ofHours(1)).pass();
        }
        assertEquals(0, gc.collector.statistics().movedChunks());
    }

    @Test
    void entriesThatLeaveTheIndexLeaveTheTablesInTheStore() throws Exception {
        GcFixture gc = new GcFixture(process, PATIENT);
        int files = 40_000;
        for (int file = 0; file < files; file++) {
            write(file, 0, 200);
        }
        process.barrier().checkpoint();
        long before = tableBytes();
        for (int file = 0; file < files; file++) {
            Batch batch = process.volume.newBatch();
            batch.deleteChunk(new ChunkId(file, 0));
            process.volume.apply(batch);
        }
        process.barrier().checkpoint();

        // Checkpoints that are asked for, and compactions, come by themselves; each pass asks again.
        long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        while (tableBytes() > 100_000 && System.nanoTime() < deadline) {
            gc.passTime(GcFixture.GRACE).pass();
        }
        assertTrue(tableBytes() <= 100_000, () -> tableBytes() + " bytes of tables are left of " + before);
    }

    private void write(long inode, int chunk, int length) throws Exception {
        byte[] bytes = new byte[length];
        new Random(inode * CHUNKS + chunk).nextBytes(bytes);
        Batch batch = process.volume.newBatch();
        batch.writeChunk(new ChunkId(inode, chunk), 0, ByteBuffer.wrap(bytes));
        try (Reservation room = process.volume.reserve(new ChunkRange(inode, chunk, chunk + 1), length)) {
            process.volume.apply(batch);
        }
    }

    private long tableBytes() {
        return process.keeper.chain().head().checkpoint().tables().stream()
                .mapToLong(TableReference::size)
                .sum();
    }

    /** Commits that a reader of the file comes to, each time he does. */
    private int requests(long inode) {
        int requests = 0;
        long commit = 0;
        KeyRange file = new KeyRange(IndexKeys.chunk(inode, 0), IndexKeys.chunk(inode + 1, 0));
        try (Cursor cursor = process.recovered.index().scan(file, false)) {
            while (cursor.next()) {
                long next = ChunkEntry.decode(cursor.value()).frames().get(0).seq();
                requests += next == commit ? 0 : 1;
                commit = next;
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        return requests;
    }
}
