// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static io.zerofs.server.net.Conditions.until;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.nbd.wire.CommandFlag;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sessions that are nearly right, and random requests compared with a byte array. */
class NbdFuzzTest {
    private static final int SESSIONS = 300;
    private static final int REQUESTS_MAX = 12;
    private static final int MODEL_STEPS = 1_500;
    private static final int SIZE = 1_000_003;
    private static final int PIECE_MAX = 300_000;

    private final NbdFixture fixture;
    private final InodeId file;

    NbdFuzzTest() throws Exception {
        fixture = new NbdFixture();
        file = fixture.device("disk0", SIZE);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void damagedSessionsDisturbNoOtherAndHoldNothing() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            for (int i = 0; i < SESSIONS; i++) {
                try (NbdClient client = NbdClient.raw(fixture.address())) {
                    client.send(damaged(session(random), random));
                    client.finish();
                    client.drain();
                }
            }
            until(() -> fixture.resources().connections() == 0);
            until(() -> fixture.resources().bytesInFlight() == 0);
            until(() -> !isBusy());
            try (NbdClient client = fixture.connect().go("disk0")) {
                assertEquals(0, client.write(0, (byte) 1));
                assertEquals(SIZE, client.size);
            }
        });
    }

    private boolean isBusy() {
        try {
            fixture.resize(file, SIZE);
            return false;
        } catch (FsException e) {
            return true;
        }
    }

    private static byte[] session(Random random) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[] {0, 0, 0, (byte) random.nextInt(4)});
        for (int i = random.nextInt(4); i > 0; i--) {
            bytes.write(option(random));
        }
        if (random.nextInt(4) > 0) {
            bytes.write(NbdClient.optionBytes(NbdOption.GO.code(), NbdClient.selectData("disk0", 1, 3)));
            for (int i = random.nextInt(REQUESTS_MAX); i > 0; i--) {
                bytes.write(request(random));
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] option(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> NbdClient.optionBytes(NbdOption.STRUCTURED_REPLY.code(), new byte[0]);
            case 1 -> NbdClient.optionBytes(NbdOption.LIST.code(), new byte[0]);
            case 2 ->
                NbdClient.optionBytes(
                        NbdOption.SET_META_CONTEXT.code(), NbdClient.queryData("disk0", "base:allocation"));
            case 3 -> NbdClient.optionBytes(NbdOption.INFO.code(), NbdClient.selectData("disk0", 0, 1, 2, 3));
            default -> NbdClient.optionBytes(random.nextInt(14), new byte[random.nextInt(30)]);
        };
    }

    private static byte[] request(Random random) {
        NbdCommand command = NbdCommand.of(random.nextInt(9));
        int flags = random.nextInt(3) == 0 ? random.nextInt(64) : 0;
        long length = random.nextInt(20) == 0 ? random.nextInt() & 0xffff_ffffL : random.nextInt(3_000);
        long offset = random.nextInt(20) == 0 ? random.nextLong() : random.nextInt(SIZE);
        int payload = command == NbdCommand.WRITE && length <= 3_000 ? (int) length : 0;
        return ByteBuffer.allocate(28 + payload)
                .put(NbdClient.requestBytes(flags, command.code(), random.nextLong(), offset, length))
                .array();
    }

    private static byte[] damaged(byte[] session, Random random) {
        byte[] bytes = session.clone();
        for (int i = random.nextInt(4); i > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(3) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)) : bytes;
    }

    @Test
    void randomRequestsAgreeWithAByteArray() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            byte[] model = fixture.content(file, 0, SIZE);
            try (NbdClient plain = fixture.connect().go("disk0");
                    NbdClient structured =
                            fixture.connect().structured().allocation("disk0").go("disk0")) {
                for (int i = 0; i < MODEL_STEPS; i++) {
                    step(random, random.nextBoolean() ? plain : structured, model);
                }
            }
            assertArrayEquals(model, fixture.content(file, 0, SIZE));
        });
    }

    private static void step(Random random, NbdClient client, byte[] model) throws IOException {
        int from = random.nextInt(SIZE);
        int length = Math.min(SIZE - from, random.nextInt(random.nextInt(PIECE_MAX) + 1));
        int fua = random.nextInt(8) == 0 ? CommandFlag.FUA.mask() : 0;
        switch (random.nextInt(5)) {
            case 0 -> {
                byte[] data = new byte[length];
                random.nextBytes(data);
                System.arraycopy(data, 0, model, from, length);
                assertEquals(
                        0,
                        client.call(fua, NbdCommand.WRITE, from, length, data).error());
            }
            case 1 -> {
                Arrays.fill(model, from, from + length, (byte) 0);
                assertEquals(0, client.call(fua, NbdCommand.TRIM, from, length).error());
            }
            case 2 -> {
                Arrays.fill(model, from, from + length, (byte) 0);
                int flags = fua | (random.nextBoolean() ? CommandFlag.NO_HOLE.mask() : 0);
                assertEquals(
                        0,
                        client.call(flags, NbdCommand.WRITE_ZEROES, from, length)
                                .error());
            }
            default -> assertArrayEquals(Arrays.copyOfRange(model, from, from + length), client.read(from, length));
        }
    }
}
