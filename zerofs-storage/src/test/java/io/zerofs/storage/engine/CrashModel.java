// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * All operations that were ever issued, in order, by one thread at a time. Each adds to a counter that the volume
 * writes at a cut. So a recovered volume has the number of its operations, with which everything else must agree.
 */
public final class CrashModel {
    private static final int CHUNK = Volume.CHUNK_BYTES;
    private static final int CHUNKS = 4;
    private static final int KEYS = 12;
    private static final long INODE = 3;
    private static final byte[] COUNTER = {2};

    /** Puts or deletes a key and changes a part of a chunk, in one batch. */
    private record Operation(int key, byte[] value, ChunkChange change) {
        void fill(Batch batch) {
            if (value == null) {
                batch.delete(keyBytes(key));
            } else {
                batch.put(keyBytes(key), value);
            }
            change.fill(batch, INODE);
        }

        void apply(byte[][] values, byte[][] chunks) {
            values[key] = value;
            change.apply(chunks);
        }
    }

    private final SplittableRandom random;
    private final List<Operation> issued = new ArrayList<>();
    private final List<Barrier> barriers = new ArrayList<>();
    private volatile int acknowledged;
    private volatile int applied;

    public CrashModel(SplittableRandom random) {
        this.random = random;
    }

    private static byte[] keyBytes(int key) {
        return new byte[] {1, (byte) key};
    }

    /**
     * Runs a random operation. Returns false once the volume does not continue.
     *
     * @param crashed returns whether no answer will come any more
     */
    public synchronized boolean step(Volume volume, BooleanSupplier crashed) {
        try {
            switch (random.nextInt(8)) {
                case 0 -> {
                    int covered = applied;
                    if (!await(volume.barrier(), crashed)) {
                        return false;
                    }
                    acknowledged = covered;
                }
                case 1 -> volume.barrier();
                default -> operate(volume);
            }
            return true;
        } catch (VolumeException e) {
            return goesOn(e);
        } catch (ExecutionException e) {
            return goesOn((VolumeException) e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean await(CompletableFuture<Void> barrier, BooleanSupplier crashed)
            throws ExecutionException, InterruptedException {
        while (true) {
            try {
                barrier.get(5, TimeUnit.MILLISECONDS);
                return true;
            } catch (TimeoutException e) {
                if (crashed.getAsBoolean()) {
                    return false;
                }
            }
        }
    }

    /** The store may never come back, so this life ends with the first failure. */
    private static boolean goesOn(VolumeException e) {
        assertTrue(
                e.kind() == VolumeException.Kind.UNAVAILABLE
                        || e.kind() == VolumeException.Kind.FENCED
                        || e.kind() == VolumeException.Kind.CLOSED,
                () -> e.kind() + ": " + e.getMessage());
        return false;
    }

    /** A barrier that this test does not wait for. */
    private record Barrier(int covered, CompletableFuture<Void> answer) {}

    /** Asks for a barrier; {@link #noteAnswers} looks whether it was answered. */
    public void beginBarrier(Volume volume) {
        barriers.add(new Barrier(applied, volume.barrier()));
    }

    public void noteAnswers() {
        for (Barrier barrier : barriers) {
            if (barrier.answer.isDone() && !barrier.answer.isCompletedExceptionally()) {
                acknowledged = Math.max(acknowledged, barrier.covered);
            }
        }
        barriers.removeIf(barrier -> barrier.answer.isDone());
    }

    public boolean awaitsAnswers() {
        return !barriers.isEmpty();
    }

    public void forgetBarriers() {
        noteAnswers();
        barriers.clear();
    }

    public void operate(Volume volume) throws VolumeException {
        Operation operation = draw();
        Batch batch = volume.newBatch();
        operation.fill(batch);
        batch.onApply(() -> applied++);
        try (Reservation room = volume.reserve(operation.change.range(INODE), operation.change.length() + 400)) {
            issued.add(operation);
            volume.apply(batch);
        }
    }

    private Operation draw() {
        byte[] value = random.nextInt(5) == 0 ? null : new byte[random.nextInt(300)];
        if (value != null) {
            random.nextBytes(value);
        }
        return new Operation(random.nextInt(KEYS), value, ChunkChange.draw(random, CHUNKS));
    }

    /** Runs an operation that makes everything durable if it succeeds. */
    public synchronized void acknowledgeAll(Closing closing) throws VolumeException {
        int covered = applied;
        closing.close();
        acknowledged = covered;
    }

    /** An operation that makes everything durable. */
    public interface Closing {
        void close() throws VolumeException;
    }

    /** Compares the recovered volume, and continues from it. */
    public synchronized void recovered(Volume volume) throws VolumeException {
        byte[] counter = volume.get(COUNTER);
        int count = counter == null ? 0 : ByteBuffer.wrap(counter).getInt();
        assertTrue(
                count >= acknowledged && count <= issued.size(),
                () -> count + " operations recovered of " + issued.size() + ", " + acknowledged + " acknowledged");
        compare(volume, count);
        issued.subList(count, issued.size()).clear();
        applied = count;
        acknowledged = count;
        volume.onCommitCut(batch -> batch.put(
                COUNTER, ByteBuffer.allocate(Integer.BYTES).putInt(applied).array()));
    }

    /** Compares the running volume with all operations. */
    public void compareNow(Volume volume) throws VolumeException {
        compare(volume, issued.size());
    }

    private void compare(Volume volume, int count) throws VolumeException {
        byte[][] values = new byte[KEYS][];
        byte[][] chunks = new byte[CHUNKS][CHUNK];
        for (Operation operation : issued.subList(0, count)) {
            operation.apply(values, chunks);
        }
        for (int key = 0; key < KEYS; key++) {
            assertArrayEquals(values[key], volume.get(keyBytes(key)), "key " + key + " after " + count);
        }
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            ByteBuffer seen = ByteBuffer.allocate(CHUNK);
            volume.read(INODE, (long) chunk * CHUNK, seen);
            assertArrayEquals(chunks[chunk], seen.array(), "chunk " + chunk + " after " + count);
        }
    }
}
