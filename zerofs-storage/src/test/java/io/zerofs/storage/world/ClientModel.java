// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
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

    /** Puts the number of the operation, and changes a part of a chunk. */
    private record Operation(int number, int chunk, int offset, int length, int content) {
        static final int ZEROS = 0;
        static final int HOLE = -1;

        void fill(Batch batch, int client) {
            batch.put(
                    key(client),
                    ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
            ChunkId id = new ChunkId(inode(client), chunk);
            switch (content) {
                case HOLE -> batch.deleteChunk(id);
                case ZEROS -> batch.zeroChunk(id, offset, length);
                default -> batch.writeChunk(id, offset, ByteBuffer.wrap(bytes()));
            }
        }

        void apply(byte[][] chunks) {
            switch (content) {
                case HOLE -> Arrays.fill(chunks[chunk], (byte) 0);
                case ZEROS -> Arrays.fill(chunks[chunk], offset, offset + length, (byte) 0);
                default -> System.arraycopy(bytes(), 0, chunks[chunk], offset, length);
            }
        }

        private byte[] bytes() {
            byte[] bytes = new byte[length];
            new SplittableRandom(content).nextBytes(bytes);
            return bytes;
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
    void work(Volume volume, int operations, boolean bounded) throws VolumeException, InterruptedException {
        for (int i = 0; i < operations; i++) {
            long began = Machine.current().nanoTime();
            step(volume);
            long took = Machine.current().nanoTime() - began;
            assertTrue(!bounded || took < NANOS_MAX, () -> "an operation took " + took + " ns");
        }
    }

    private void step(Volume volume) throws VolumeException, InterruptedException {
        switch (random.nextInt(10)) {
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
            case 2 -> Machine.current().sleep(random.nextLong(2_000_000_000));
            default -> operate(volume);
        }
    }

    private void operate(Volume volume) throws VolumeException {
        int offset = random.nextBoolean() ? random.nextInt(64) * 4096 : random.nextInt(CHUNK);
        int length = random.nextInt(6) == 0 ? CHUNK - offset : 1 + random.nextInt(Math.min(CHUNK - offset, 9000));
        int content = switch (random.nextInt(12)) {
            case 0 -> Operation.HOLE;
            case 1 -> Operation.ZEROS;
            default -> 1 + random.nextInt(1 << 30);
        };
        Operation operation = new Operation(begun.size() + 1, random.nextInt(CHUNKS), offset, length, content);
        Batch batch = volume.newBatch();
        operation.fill(batch, client);
        try (Reservation room = volume.reserve(
                new ChunkRange(inode(client), operation.chunk, operation.chunk + 1), operation.length + 400)) {
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
        begun.subList(0, count).forEach(operation -> operation.apply(chunks));
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            ByteBuffer seen = ByteBuffer.allocate(CHUNK);
            volume.read(inode(client), (long) chunk * CHUNK, seen);
            assertArrayEquals(chunks[chunk], seen.array(), "client " + client + " chunk " + chunk + " after " + count);
        }
    }
}
