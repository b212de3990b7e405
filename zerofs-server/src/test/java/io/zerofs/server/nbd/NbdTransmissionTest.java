// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static io.zerofs.server.net.Conditions.until;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.NbdClient.Reply;
import io.zerofs.server.nbd.wire.CommandFlag;
import io.zerofs.server.nbd.wire.Handshake;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdErrno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdTransmissionTest {
    private static final int CHUNK = 256 << 10;
    private static final int FUA = CommandFlag.FUA.mask();
    private static final int CHUNK_NONE = 0;
    private static final int CHUNK_DATA = 1;
    private static final int CHUNK_HOLE = 2;

    private final NbdFixture fixture;

    NbdTransmissionTest() throws Exception {
        fixture = new NbdFixture();
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private NbdClient open(boolean structured, String name) throws IOException {
        NbdClient client = fixture.connect();
        return structured ? client.structured().allocation(name).go(name) : client.go(name);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writtenBytesAreReadBack(boolean structured) throws Exception {
        int size = 3 * CHUNK + 777;
        InodeId file = fixture.device("disk0", size);
        byte[] expected = new byte[size];
        try (NbdClient client = open(structured, "disk0")) {
            for (int[] range :
                    new int[][] {{0, 1}, {511, 3}, {4_096, 4_096}, {CHUNK - 5, CHUNK + 10}, {size - 777, 777}}) {
                byte[] data = random(range[1]);
                System.arraycopy(data, 0, expected, range[0], data.length);
                assertEquals(0, client.write(range[0], data));
            }
            assertArrayEquals(expected, client.read(0, size));
            assertArrayEquals(Arrays.copyOfRange(expected, size - 1, size), client.read(size - 1, 1));
            assertArrayEquals(new byte[0], client.read(size, 0));
        }
        assertArrayEquals(expected, fixture.content(file, 0, size));
    }

    @Test
    void theLargestPayloadGoesThrough() throws Exception {
        fixture.device("disk0", 40L << 20);
        byte[] data = random(Handshake.PAYLOAD_BYTES_MAX);
        try (NbdClient client = open(true, "disk0")) {
            assertEquals(0, client.write(1 << 20, data));
            assertArrayEquals(data, client.read(1 << 20, data.length));
        }
    }

    @Test
    void rangesOutsideTheExportAreRefused() throws Exception {
        fixture.device("disk0", 1_000);
        for (boolean structured : new boolean[] {false, true}) {
            try (NbdClient client = open(structured, "disk0")) {
                for (long[] range :
                        new long[][] {{999, 2}, {1_001, 0}, {-1, 1}, {Long.MIN_VALUE, 1}, {0, 0xffff_ffffL}}) {
                    assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.READ, range));
                    assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.TRIM, range));
                    assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.CACHE, range));
                    assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.BLOCK_STATUS, range));
                    assertEquals(NbdErrno.ENOSPC, error(client, NbdCommand.WRITE_ZEROES, range));
                }
                assertEquals(NbdErrno.ENOSPC.code(), client.write(999, (byte) 1, (byte) 2));
                assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.FLUSH, new long[] {0, 1}));
                assertEquals(0, client.write(999, (byte) 1));
            }
        }
    }

    private static NbdErrno error(NbdClient client, NbdCommand command, long... range) throws IOException {
        return errno(client.call(0, command, range[0], range[1]));
    }

    private static NbdErrno errno(Reply reply) {
        for (NbdErrno each : NbdErrno.values()) {
            if (each.code() == reply.error()) {
                return each;
            }
        }
        return null;
    }

    @Test
    void unknownCommandsAndFlagsAreRefusedAndTheNextRequestIsRead() throws Exception {
        fixture.device("disk0", 1_000);
        try (NbdClient client = open(false, "disk0")) {
            for (int command : new int[] {8, 9, 0xffff}) {
                client.send(NbdClient.requestBytes(0, command, 5, 0, 0));
                assertEquals(NbdErrno.EINVAL, errno(client.readReply()));
            }
            assertEquals(NbdErrno.EINVAL, errno(client.call(1 << 5, NbdCommand.WRITE, 0, 1, (byte) 1)));
            assertEquals(NbdErrno.EINVAL, errno(client.call(1 << 1, NbdCommand.TRIM, 0, 1)));
            assertEquals(NbdErrno.EINVAL, errno(client.call(1 << 2, NbdCommand.READ, 0, 1)), "DF needs structure");
            for (NbdCommand command : List.of(NbdCommand.READ, NbdCommand.FLUSH, NbdCommand.CACHE)) {
                assertEquals(0, client.call(FUA, command, 0, 0).error(), "FUA is accepted everywhere");
            }
            assertArrayEquals(new byte[1_000], client.read(0, 1_000));
        }
    }

    @Test
    void oversizedReadsAreRefusedAndOversizedWritesEndTheConnection() throws Exception {
        fixture.device("disk0", 1L << 30);
        long oversized = Handshake.PAYLOAD_BYTES_MAX + 1;
        try (NbdClient client = open(true, "disk0")) {
            assertEquals(NbdErrno.EOVERFLOW, error(client, NbdCommand.READ, 0, oversized));
        }
        try (NbdClient client = open(false, "disk0")) {
            assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.READ, 0, oversized));
            client.send(NbdClient.requestBytes(0, NbdCommand.WRITE.code(), 1, 0, oversized));
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void aWrongMagicEndsTheConnection() throws Exception {
        fixture.device("disk0", 1_000);
        try (NbdClient client = open(false, "disk0")) {
            client.send(new byte[28]);
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void aReadOnlyExportRefusesEveryChange() throws Exception {
        fixture.device("disk0", 1_000, 0444);
        try (NbdClient client = open(true, "disk0")) {
            assertEquals(NbdErrno.EPERM.code(), client.write(0, (byte) 1));
            assertEquals(NbdErrno.EPERM, error(client, NbdCommand.TRIM, 0, 1));
            assertEquals(NbdErrno.EPERM, error(client, NbdCommand.WRITE_ZEROES, 0, 1));
            assertEquals(0, client.flush());
            assertArrayEquals(new byte[1_000], client.read(0, 1_000));
        }
    }

    @Test
    void errorsOfTheFileSystemAreAnswered() throws Exception {
        fixture.device("disk0", 1_000);
        for (FsError error : List.of(FsError.IO, FsError.NO_SPACE, FsError.STALE)) {
            for (String operation : List.of("read", "write", "deallocate", "extentAt")) {
                fixture.steered().before(operation, arguments -> {
                    throw error.exception();
                });
            }
            try (NbdClient client = open(true, "disk0")) {
                NbdErrno expected = NbdErrors.of(error);
                assertEquals(expected, error(client, NbdCommand.READ, 0, 10));
                assertEquals(expected.code(), client.write(0, (byte) 1));
                assertEquals(expected, error(client, NbdCommand.TRIM, 0, 10));
                assertEquals(expected, error(client, NbdCommand.WRITE_ZEROES, 0, 10));
                assertEquals(expected, error(client, NbdCommand.BLOCK_STATUS, 0, 10));
                assertEquals(expected, error(client, NbdCommand.CACHE, 0, 10));
                assertEquals(0, client.flush());
            }
        }
    }

    @Test
    void flushAndForcedChangesAreAnsweredWhenTheStoreHasThem() throws Exception {
        fixture.device("disk0", 1_000);
        try (NbdClient client = open(false, "disk0")) {
            fixture.steered().holdBarriers();
            client.request(FUA, NbdCommand.WRITE, 1, 0, 1, (byte) 7);
            client.request(FUA, NbdCommand.TRIM, 2, 10, 1);
            client.request(FUA, NbdCommand.WRITE_ZEROES, 3, 20, 1);
            client.request(0, NbdCommand.FLUSH, 4, 0, 0);
            until(() -> fixture.steered().barriersHeld() == 4);
            client.request(0, NbdCommand.READ, 5, 0, 1);
            Reply read = client.readReply();
            assertEquals(5, read.cookie(), "others go on while barriers wait");
            assertArrayEquals(new byte[] {7}, read.data(), "what waits for the store is visible");
            fixture.steered().releaseBarriers(null);
            List<Long> cookies = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Reply reply = client.readReply();
                assertEquals(0, reply.error());
                cookies.add(reply.cookie());
            }
            cookies.sort(null);
            assertEquals(List.of(1L, 2L, 3L, 4L), cookies);
        }
    }

    @Test
    void aBarrierThatFailsIsAnError() throws Exception {
        fixture.device("disk0", 1_000);
        try (NbdClient client = open(false, "disk0")) {
            fixture.steered().holdBarriers();
            client.request(0, NbdCommand.FLUSH, 1, 0, 0);
            client.request(FUA, NbdCommand.WRITE, 2, 0, 1, (byte) 1);
            until(() -> fixture.steered().barriersHeld() == 2);
            fixture.steered().releaseBarriers(FsError.IO.exception("the store is gone", null));
            assertEquals(NbdErrno.EIO, errno(client.readReply()));
            assertEquals(NbdErrno.EIO, errno(client.readReply()));
            assertEquals(0, client.flush());
        }
    }

    @Test
    void aFlushOnOneConnectionCoversTheWritesOfAnother() throws Exception {
        InodeId file = fixture.device("disk0", 1_000);
        try (NbdClient writer = open(false, "disk0");
                NbdClient flusher = open(false, "disk0")) {
            assertEquals(0, writer.write(0, (byte) 1));
            assertEquals(0, flusher.flush());
            assertEquals(0, writer.call(FUA, NbdCommand.WRITE, 1, 1, (byte) 2).error());
        }
        fixture.crash();
        assertArrayEquals(new byte[] {1, 2}, fixture.content(file, 0, 2));
    }

    @Test
    void requestsRunInParallelAndOvertakeEachOther() throws Exception {
        fixture.device("disk0", 1 << 20);
        CountDownLatch both = new CountDownLatch(2);
        fixture.steered().before("read", arguments -> {
            NonBlockingThread.check();
            both.countDown();
            both.await();
        });
        try (NbdClient client = open(false, "disk0")) {
            client.request(0, NbdCommand.READ, 1, 0, 10);
            client.request(0, NbdCommand.READ, 2, 0, 10);
            assertEquals(3, client.readReply().cookie() + client.readReply().cookie());
            CountDownLatch release = new CountDownLatch(1);
            fixture.steered().before("read", arguments -> {
                NonBlockingThread.check();
                release.await();
            });
            client.request(0, NbdCommand.READ, 3, 0, 10);
            client.request(0, NbdCommand.WRITE, 4, 0, 1, (byte) 1);
            assertEquals(4, client.readReply().cookie());
            release.countDown();
            assertEquals(3, client.readReply().cookie());
        }
    }

    @Test
    void trimAndZeroesReadAsZerosAndLeaveTheRestAlone() throws Exception {
        int size = 4 * CHUNK;
        InodeId file = fixture.device("disk0", size);
        byte[] expected = random(size);
        try (NbdClient client = open(true, "disk0")) {
            client.write(0, expected);
            for (NbdCommand command : List.of(NbdCommand.TRIM, NbdCommand.WRITE_ZEROES)) {
                int from = command == NbdCommand.TRIM ? 100 : 2 * CHUNK + 100;
                assertEquals(0, client.call(0, command, from, CHUNK + 50).error());
                Arrays.fill(expected, from, from + CHUNK + 50, (byte) 0);
            }
            assertEquals(
                    0,
                    client.call(CommandFlag.NO_HOLE.mask(), NbdCommand.WRITE_ZEROES, 7, CHUNK)
                            .error());
            Arrays.fill(expected, 7, 7 + CHUNK, (byte) 0);
            assertEquals(
                    0,
                    client.call(CommandFlag.FAST_ZERO.mask(), NbdCommand.WRITE_ZEROES, size - 9, 9)
                            .error());
            Arrays.fill(expected, size - 9, size, (byte) 0);
            int both = CommandFlag.FAST_ZERO.mask() | CommandFlag.NO_HOLE.mask();
            assertEquals(NbdErrno.ENOTSUP, errno(client.call(both, NbdCommand.WRITE_ZEROES, 0, size)));
            assertArrayEquals(expected, client.read(0, size));
        }
        assertArrayEquals(expected, fixture.content(file, 0, size));
    }

    @Test
    void aLargeRangeIsDoneInBoundedStepsBetweenWhichOthersAreServed() throws Exception {
        InodeId file = fixture.device("disk0", 1L << 42);
        long data = 600L * CHUNK;
        long length = 0xffff_f000L;
        for (NbdCommand command : List.of(NbdCommand.TRIM, NbdCommand.WRITE_ZEROES)) {
            for (long offset = 0; offset < data; offset += CHUNK) {
                fixture.write(file, 7 + offset, (byte) 1);
            }
            Queue<Long> steps = new ConcurrentLinkedQueue<>();
            fixture.steered().before("deallocate", arguments -> {
                NonBlockingThread.check();
                steps.add((Long) arguments[4]);
            });
            try (NbdClient client = open(false, "disk0")) {
                client.request(0, command, 1, 7, length);
                client.request(0, NbdCommand.WRITE, 2, 0, 1, (byte) 1);
                assertEquals(3, client.readReply().cookie() + client.readReply().cookie());
                assertArrayEquals(new byte[] {1, 0}, client.read(0, 2));
            }
            assertEquals(data - 7, steps.stream().mapToLong(Long::longValue).sum(), "holes are passed over");
            assertTrue(steps.stream().allMatch(step -> step <= BlockDevice.DEALLOCATE_BYTES_MAX));
            assertEquals(1, fixture.attributes(file).allocatedBytes() / CHUNK);
        }
    }

    @Test
    void overlappingWritesOfSeveralConnectionsAreNotTornWithinAChunk() throws Exception {
        fixture.device("disk0", 4L * CHUNK);
        int from = CHUNK - 1_000;
        int length = CHUNK;
        List<Thread> writers = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            byte[] data = new byte[length];
            Arrays.fill(data, (byte) i);
            NbdClient client = open(false, "disk0");
            writers.add(new Thread(() -> {
                try (client) {
                    for (int round = 0; round < 200; round++) {
                        client.write(from, data);
                    }
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            }));
        }
        try (NbdClient reader = open(false, "disk0")) {
            writers.forEach(Thread::start);
            do {
                byte[] found = reader.read(from, length);
                assertEquals(1, distinct(found, 0, 1_000));
                assertEquals(1, distinct(found, 1_000, length));
            } while (writers.stream().anyMatch(Thread::isAlive));
        }
    }

    private static long distinct(byte[] bytes, int from, int to) {
        return IntStream.range(from, to).map(i -> bytes[i]).distinct().count();
    }

    @Test
    void blockStatusShowsDataAndHoles() throws Exception {
        long size = 10L * CHUNK + 100;
        fixture.device("disk0", size);
        try (NbdClient client = open(true, "disk0")) {
            client.write(2 * CHUNK, random(2 * CHUNK));
            client.write(size - 1, (byte) 1);
            assertEquals(
                    List.of("512K hole", "512K data", "1536K hole", "100 data"),
                    status(client.call(0, NbdCommand.BLOCK_STATUS, 0, size)));
            assertEquals(List.of("512K hole"), status(client.call(8, NbdCommand.BLOCK_STATUS, 0, size)));
            assertEquals(List.of("50 data"), status(client.call(8, NbdCommand.BLOCK_STATUS, 3 * CHUNK, 50)));
            client.call(0, NbdCommand.TRIM, 2 * CHUNK, CHUNK);
            assertEquals(
                    List.of("768K hole", "256K data"), status(client.call(0, NbdCommand.BLOCK_STATUS, 0, 4 * CHUNK)));
            assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.BLOCK_STATUS, 0, 0));
        }
        try (NbdClient client = fixture.connect().structured().go("disk0")) {
            assertEquals(NbdErrno.EINVAL, error(client, NbdCommand.BLOCK_STATUS, 0, 10), "no context selected");
        }
    }

    private static List<String> status(Reply reply) {
        assertEquals(0, reply.error());
        assertEquals(1, reply.chunks().size());
        assertEquals(5, reply.chunks().get(0).type());
        ByteBuffer payload = reply.chunks().get(0).buffer();
        assertEquals(Negotiation.ALLOCATION_ID, payload.getInt());
        List<String> extents = new ArrayList<>();
        while (payload.hasRemaining()) {
            int length = payload.getInt();
            String text = length % 1_024 == 0 ? length / 1_024 + "K" : Integer.toString(length);
            extents.add(text + (payload.getInt() == 3 ? " hole" : " data"));
        }
        return extents;
    }

    @Test
    void largeStructuredReadsLeaveOutHolesUnlessForbidden() throws Exception {
        fixture.device("disk0", 8L * CHUNK);
        try (NbdClient client = open(true, "disk0")) {
            byte[] data = random(CHUNK);
            client.write(2 * CHUNK, data);
            byte[] expected = new byte[4 * CHUNK];
            System.arraycopy(data, 0, expected, 2 * CHUNK, CHUNK);
            Reply sparse = client.call(0, NbdCommand.READ, 0, 4 * CHUNK);
            assertEquals(List.of(CHUNK_HOLE, CHUNK_DATA, CHUNK_HOLE), types(sparse));
            assertArrayEquals(expected, sparse.data());
            Reply whole = client.call(CommandFlag.DF.mask(), NbdCommand.READ, 0, 4 * CHUNK);
            assertEquals(List.of(CHUNK_DATA), types(whole));
            assertArrayEquals(expected, whole.data());
            assertEquals(List.of(CHUNK_HOLE), types(client.call(0, NbdCommand.READ, 4 * CHUNK, 2 * CHUNK)));
            assertEquals(List.of(CHUNK_DATA), types(client.call(0, NbdCommand.READ, 4 * CHUNK, 4_096)));
            assertEquals(List.of(CHUNK_NONE), types(client.call(0, NbdCommand.READ, 0, 0)));
        }
    }

    private static List<Integer> types(Reply reply) {
        return reply.chunks().stream().map(NbdClient.Chunk::type).toList();
    }

    @Test
    void cacheReadsTheRangeInPieces() throws Exception {
        fixture.device("disk0", 5L << 20);
        Queue<Integer> pieces = new ConcurrentLinkedQueue<>();
        fixture.steered().before("read", arguments -> pieces.add(((ByteBuffer) arguments[4]).remaining()));
        try (NbdClient client = open(false, "disk0")) {
            assertEquals(0, client.call(0, NbdCommand.CACHE, 1, (5L << 20) - 1).error());
        }
        assertEquals((5 << 20) - 1, pieces.stream().mapToInt(Integer::intValue).sum());
        assertTrue(pieces.stream().allMatch(piece -> piece <= BlockDevice.TRANSFER_BYTES_MAX));
    }

    @Test
    void disconnectingAnswersEarlierRequests() throws Exception {
        fixture.device("disk0", 1_000);
        try (NbdClient client = open(false, "disk0")) {
            fixture.steered().holdBarriers();
            client.request(0, NbdCommand.FLUSH, 1, 0, 0);
            client.disconnect();
            until(() -> fixture.steered().barriersHeld() == 1);
            fixture.steered().releaseBarriers(null);
            assertEquals(1, client.readReply().cookie());
            assertTrue(client.isAtEnd());
        }
    }
}
