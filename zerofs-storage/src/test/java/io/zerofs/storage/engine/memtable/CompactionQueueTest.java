// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Chunks with too many deltas let only their own writers wait. */
final class CompactionQueueTest {
    private static final int CROWDED = 1 << 16;
    private static final int WRITES = 100_000;
    private static final ChunkEntry SOME = entry(2);
    private static final ChunkEntry TOO_MANY = entry(4);

    private final CompactionQueue queue =
            new CompactionQueue(EngineFixture.compaction(2, 4).withTasksMax(1), new StopSwitch());

    private static ChunkEntry entry(int deltas) {
        return entry(deltas, 1);
    }

    private static ChunkEntry entry(int deltas, long blocks) {
        return new ChunkEntry(Stream.concat(
                        Stream.of(FrameReference.full(1, 0)),
                        Stream.iterate(2, slot -> slot + 1)
                                .limit(deltas)
                                .map(slot -> FrameReference.delta(slot, 0, blocks)))
                .toList());
    }

    @Test
    void aWriterOfAnotherFileDoesNotPayForTheCrowdedChunks() throws Exception {
        for (int chunk = 0; chunk < CROWDED; chunk++) {
            queue.entryChanged(new ChunkId(1, chunk), TOO_MANY);
        }
        // Without an index for them it took minutes.
        assertTimeout(Duration.ofSeconds(10), () -> {
            for (int write = 0; write < WRITES; write++) {
                queue.awaitRoom(new ChunkRange(2, write, write + 1));
            }
        });
    }

    @Test
    void onlyWritersOfACrowdedChunkWait() throws Exception {
        queue.entryChanged(new ChunkId(5, 7), TOO_MANY);

        assertFalse(waits(new ChunkRange(5, 0, 7)));
        assertFalse(waits(new ChunkRange(5, 8, 9)));
        assertFalse(waits(new ChunkRange(4, 0, 99)));
        assertFalse(waits(new ChunkRange(6, 0, 99)));
        assertTrue(waits(new ChunkRange(5, 7, 8)));
        assertTrue(waits(new ChunkRange(5, 0, 99)));
    }

    /** Readers would overlay twice the chunk, although the deltas are few. */
    @Test
    void fewLargeDeltasAreQueuedAsManySmallOnes() {
        CompactionQueue usual = new CompactionQueue(EngineFixture.compaction(16, 48), new StopSwitch());
        usual.entryChanged(new ChunkId(1, 1), entry(15));
        usual.entryChanged(new ChunkId(1, 2), entry(4, 0x7FFF_FFFFL));
        usual.entryChanged(new ChunkId(1, 3), entry(2, -1));
        assertNull(usual.poll());
        usual.entryChanged(new ChunkId(1, 4), entry(4, 0xFFFF_FFFFL));
        assertEquals(new ChunkId(1, 4), usual.poll());
    }

    private boolean waits(ChunkRange chunks) throws InterruptedException {
        AtomicBoolean waits = new AtomicBoolean();
        Thread loop = new EventLoop(() -> {
            try {
                queue.awaitRoom(chunks);
            } catch (WouldBlockException e) {
                waits.set(true);
            } catch (VolumeException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        loop.start();
        loop.join();
        return waits.get();
    }

    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable work) {
            super(work);
        }
    }

    @Test
    void chunksWhoseWritersWaitAreCompactedFirst() {
        ChunkId first = new ChunkId(1, 1);
        ChunkId crowded = new ChunkId(2, 2);
        ChunkId crowdedLater = new ChunkId(1, 3);
        queue.entryChanged(first, SOME);
        queue.entryChanged(crowded, TOO_MANY);
        queue.entryChanged(crowdedLater, SOME);
        queue.entryChanged(crowdedLater, TOO_MANY);

        assertEquals(crowded, queue.poll());
        queue.putBack(crowded);
        assertEquals(crowdedLater, queue.poll());
        assertEquals(crowded, queue.poll());
        assertEquals(first, queue.poll());
    }

    @Test
    void aChunkThatIsNoLongerCrowdedStaysQueued() {
        ChunkId chunk = new ChunkId(1, 1);
        queue.entryChanged(chunk, TOO_MANY);
        queue.entryChanged(chunk, SOME);

        assertEquals(chunk, queue.poll());
    }
}
