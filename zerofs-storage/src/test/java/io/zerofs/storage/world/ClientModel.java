// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.world.World;
import io.zerofs.storage.engine.ChunkChange;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * One client of a volume, which does one operation after the other on keys and chunks of its own. A recovered volume has
 * the first operations of each client, at least the acknowledged ones.
 */
final class ClientModel {
    private static final int CHUNK = Volume.CHUNK_BYTES;
    private static final int CHUNKS = 3;
    /** With a healthy store no operation takes longer, in virtual time. */
    private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(5);

    /** Bytes that the engine may count beyond its budget: batches beside their reservations, and compacted chunks. */
    private static final int UNRESERVED_BYTES_MAX = 2 << 20;

    /** Steps that are no operations, but for a read with an operation between its parts. */
    private static final String[] STEPS = {"barrier", "comparison", "pause", "witness", "prepared read", "hoard"};

    private static final int PREPARED_READ = 4;

    /** Puts the number of the operation, and changes a part of a chunk. */
    record Operation(int number, ChunkChange change) {
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

    /** All clients of the volume. */
    private final List<ClientModel> all;

    private int ended;
    private int acknowledged;

    ClientModel(int client, SplittableRandom random, List<ClientModel> all) {
        this.client = client;
        this.random = random;
        this.all = all;
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
    void work(SimulatedDaemon daemon, int operations, boolean bounded) throws VolumeException, InterruptedException {
        for (int i = 0; i < operations; i++) {
            long began = Machine.current().nanoTime();
            step(daemon);
            long took = Machine.current().nanoTime() - began;
            assertTrue(!bounded || took < NANOS_MAX, () -> "an operation took " + took + " ns");
        }
    }

    private void step(SimulatedDaemon daemon) throws VolumeException, InterruptedException {
        World world = daemon.process.world();
        Volume volume = daemon.volume;
        int kind = random.nextInt(16);
        boolean operates = kind >= STEPS.length || kind == PREPARED_READ;
        Operation operation = operates ? new Operation(begun.size() + 1, ChunkChange.draw(random, CHUNKS)) : null;
        long pause = random.nextLong(2_000_000_000);
        ClientModel other = all.get(random.nextInt(all.size()));
        int chunk = random.nextInt(CHUNKS);
        if (!world.happens("step")) {
            return;
        }
        world.note("client " + client + " " + (operation == null ? STEPS[kind] : operation));
        switch (kind) {
            case 0 -> {
                int covered = ended;
                barrier(daemon);
                acknowledged = Math.max(acknowledged, covered);
            }
            case 1 -> compare(volume, begun);
            case 2 -> Machine.current().sleep(pause);
            case 3 -> witness(daemon, other, chunk);
            case PREPARED_READ -> readPrepared(daemon, operation);
            case 5 -> hoard(daemon, pause);
            default -> operate(volume, operation);
        }
    }

    private static void barrier(SimulatedDaemon daemon) throws VolumeException, InterruptedException {
        try {
            Machine.current().await(daemon.volume.barrier());
            daemon.acknowledged();
        } catch (ExecutionException e) {
            throw (VolumeException) e.getCause();
        }
    }

    /** Reads what another client writes at this time. A barrier makes it durable, even if its operation has not ended. */
    private static void witness(SimulatedDaemon daemon, ClientModel other, int chunk)
            throws VolumeException, InterruptedException {
        int first = other.count(daemon.volume);
        byte[] seen = other.read(daemon.volume, chunk);
        int last = other.begun.size();
        boolean known =
                IntStream.rangeClosed(first, last).anyMatch(count -> Arrays.equals(other.after(count)[chunk], seen));
        assertTrue(
                known,
                () -> "client " + other.client + " chunk " + chunk + " is as after no operation from " + first + " to "
                        + last);
        barrier(daemon);
        other.acknowledged = Math.max(other.acknowledged, first);
    }

    /** Reads a chunk as it was before an operation that begins and ends between the two parts of the read. */
    private void readPrepared(SimulatedDaemon daemon, Operation operation) throws VolumeException {
        int chunk = operation.change.chunk();
        byte[] before = after(begun.size())[chunk];
        int missing = daemon.missingObjects();
        RangeRead prepared = daemon.volume.prepareRead(inode(client), (long) chunk * CHUNK, CHUNK);
        operate(daemon.volume, operation);
        ByteBuffer seen = ByteBuffer.allocate(CHUNK);
        prepared.into(seen);
        if (daemon.missingObjects() == missing) {
            assertArrayEquals(before, seen.array(), "client " + client + " chunk " + chunk + " before " + operation);
        }
    }

    /** Takes more room than it needs, and closes it twice. */
    private static void hoard(SimulatedDaemon daemon, long pause) throws VolumeException, InterruptedException {
        try (Reservation room = daemon.volume.reserve(null, Volume.RESERVATION_BYTES_MAX)) {
            long used = daemon.volume.statistics().dirtyBytes();
            long max = daemon.dirtyBytesMax() + UNRESERVED_BYTES_MAX;
            assertTrue(used <= max, () -> used + " bytes are dirty or reserved, of " + max);
            Machine.current().sleep(pause);
            room.close();
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
        } catch (VolumeException e) {
            if (e.kind() != VolumeException.Kind.NO_SPACE) {
                throw e;
            }
            // Nothing of it happened, so the next operation has its number.
            begun.subList(ended, begun.size()).clear();
        }
    }

    int ended() {
        return ended;
    }

    /** Returns the operations until now, of which a state has at least some. */
    Moment moment(int least) {
        return new Moment(this, least, List.copyOf(begun));
    }

    /** The operations that a state may have. */
    record Moment(ClientModel client, int least, List<Operation> begun) {
        void compare(Volume volume) throws VolumeException {
            int count = client.count(volume);
            assertTrue(
                    count >= least && count <= begun.size(),
                    () -> "client " + client.client + ": a snapshot has " + count + " operations of " + least + " to "
                            + begun.size());
            client.compare(volume, begun.subList(0, count));
        }
    }

    /** Compares a recovered volume, and continues from it. */
    void recovered(Volume volume) throws VolumeException {
        int count = count(volume);
        assertTrue(
                count >= acknowledged && count <= begun.size(),
                () -> "client " + client + ": " + count + " operations recovered of " + begun.size() + ", "
                        + acknowledged + " acknowledged");
        compare(volume, begun.subList(0, count));
        begun.subList(count, begun.size()).clear();
        ended = count;
        acknowledged = count;
    }

    /** Returns the number of the last operation in a volume. */
    private int count(Volume volume) throws VolumeException {
        byte[] value = volume.get(key(client));
        return value == null ? 0 : ByteBuffer.wrap(value).getInt();
    }

    private byte[] read(Volume volume, int chunk) throws VolumeException {
        ByteBuffer seen = ByteBuffer.allocate(CHUNK);
        volume.read(inode(client), (long) chunk * CHUNK, seen);
        return seen.array();
    }

    /** Returns the chunks after the first operations. */
    private byte[][] after(int count) {
        return after(begun.subList(0, count));
    }

    private static byte[][] after(List<Operation> operations) {
        byte[][] chunks = new byte[CHUNKS][CHUNK];
        operations.forEach(operation -> operation.change.apply(chunks));
        return chunks;
    }

    private void compare(Volume volume, List<Operation> operations) throws VolumeException {
        byte[][] chunks = after(operations);
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            assertArrayEquals(
                    chunks[chunk],
                    read(volume, chunk),
                    "client " + client + " chunk " + chunk + " after " + operations.size());
        }
    }
}
