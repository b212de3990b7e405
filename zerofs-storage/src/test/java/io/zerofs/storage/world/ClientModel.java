// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.World;
import io.zerofs.storage.engine.ChunkChange;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One client of a volume, which does one operation after the other on keys and chunks of its own. A recovered volume has
 * the first operations of each client, at least the acknowledged ones.
 */
final class ClientModel {
    private static final int CHUNK = Volume.CHUNK_BYTES;
    private static final int CHUNKS = 3;
    /** With a healthy store no operation takes longer, in virtual time. */
    private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(5);

    /** Steps that are no operations. */
    private static final String[] STEPS = {"barrier", "comparison", "pause"};

    /** Puts the number of the operation, and changes a part of a chunk. */
    private record Operation(int number, ChunkChange change) {
        void fill(Batch batch, int client) {
            batch.put(
                    key(client),
                    ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
            change.fill(batch, inode(client));
        }
    }

    private final int client;
    private final SplittableRandom random;
    /** Operations that were begun. All but the last have ended. */
    private final List<Operation> begun = new ArrayList<>();

    private int ended;
    private int acknowledged;

    ClientModel(int client, SplittableRandom random) {
        this.client = client;
        this.random = random;
    }

    private static byte[] key(int client) {
        return new byte[] {1, (byte) client};
    }

    private static long inode(int client) {
        return 10 + client;
    }

    /**
     * Does operations one after the other.
     *
     * @param bounded whether each must end in the time that a healthy store permits
     */
    void work(World world, Volume volume, int operations, boolean bounded)
            throws VolumeException, InterruptedException {
        for (int i = 0; i < operations; i++) {
            long began = Machine.current().nanoTime();
            step(world, volume);
            long took = Machine.current().nanoTime() - began;
            assertTrue(!bounded || took < NANOS_MAX, () -> "an operation took " + took + " ns");
        }
    }

    private void step(World world, Volume volume) throws VolumeException, InterruptedException {
        int kind = random.nextInt(10);
        Operation operation = kind < 3 ? null : new Operation(begun.size() + 1, ChunkChange.draw(random, CHUNKS));
        long pause = kind == 2 ? random.nextLong(2_000_000_000) : 0;
        if (!world.happens("step")) {
            return;
        }
        world.note("client " + client + " " + (operation == null ? STEPS[kind] : operation));
        switch (kind) {
            case 0 -> {
                int covered = ended;
                try {
                    Machine.current().await(volume.barrier());
                    acknowledged = Math.max(acknowledged, covered);
                } catch (ExecutionException e) {
                    throw (VolumeException) e.getCause();
                }
            }
            case 1 -> compare(volume, begun.size());
            case 2 -> Machine.current().sleep(pause);
            default -> operate(volume, operation);
        }
    }

    private void operate(Volume volume, Operation operation) throws VolumeException {
        Batch batch = volume.newBatch();
        operation.fill(batch, client);
        try (Reservation room =
                volume.reserve(operation.change.range(inode(client)), operation.change.length() + 400)) {
            begun.add(operation);
            volume.apply(batch);
            ended = begun.size();
        }
    }

    /** Compares a recovered volume, and continues from it. */
    void recovered(Volume volume) throws VolumeException {
        byte[] value = volume.get(key(client));
        int count = value == null ? 0 : ByteBuffer.wrap(value).getInt();
        assertTrue(
                count >= acknowledged && count <= begun.size(),
                () -> "client " + client + ": " + count + " operations recovered of " + begun.size() + ", "
                        + acknowledged + " acknowledged");
        compare(volume, count);
        begun.subList(count, begun.size()).clear();
        ended = count;
        acknowledged = count;
    }

    private void compare(Volume volume, int count) throws VolumeException {
        byte[][] chunks = new byte[CHUNKS][CHUNK];
        begun.subList(0, count).forEach(operation -> operation.change.apply(chunks));
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            ByteBuffer seen = ByteBuffer.allocate(CHUNK);
            volume.read(inode(client), (long) chunk * CHUNK, seen);
            assertArrayEquals(chunks[chunk], seen.array(), "client " + client + " chunk " + chunk + " after " + count);
        }
    }
}
