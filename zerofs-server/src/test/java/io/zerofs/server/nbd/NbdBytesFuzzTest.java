// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.zerofs.core.random.Mutations;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.fuzz.FuzzConnection;
import io.zerofs.server.fuzz.FuzzVolume;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Bytes in place of NBD options and requests. */
final class NbdBytesFuzzTest {
    private static final int ROUNDS = 40_000;
    private static final byte[] FLAGS = {0, 0, 0, 3};
    private static final byte[] GO = NbdClient.optionBytes(NbdOption.GO.code(), NbdClient.selectData("disk0"));
    private static final byte[] STRUCTURED = NbdClient.optionBytes(NbdOption.STRUCTURED_REPLY.code(), new byte[0]);
    private static final byte[] CONTEXT =
            NbdClient.optionBytes(NbdOption.SET_META_CONTEXT.code(), NbdClient.queryData("disk0", "base:allocation"));

    private static FuzzVolume volume;
    private static Exports exports;

    @Test
    void anyBytesAreAnsweredOrRefusedAndDisturbNoOther() throws Exception {
        List<byte[]> samples = new ArrayList<>();
        for (NbdOption option : NbdOption.values()) {
            samples.add(joined(new byte[] {0}, FLAGS, NbdClient.optionBytes(option.code(), new byte[0])));
            samples.add(joined(
                    new byte[] {0}, FLAGS, NbdClient.optionBytes(option.code(), NbdClient.selectData("disk0", 1, 3))));
            samples.add(joined(new byte[] {0}, FLAGS, CONTEXT, STRUCTURED, GO));
        }
        for (byte start = 1; start < 3; start++) {
            for (NbdCommand command : NbdCommand.values()) {
                byte[] request = NbdClient.requestBytes(0, command.code(), 7, 4096, 512);
                byte[] data = command == NbdCommand.WRITE ? new byte[512] : new byte[0];
                samples.add(joined(new byte[] {start}, request, data));
                samples.add(joined(new byte[] {start}, request, data, request, data));
            }
        }
        Mutations.run(samples, ROUNDS, NbdBytesFuzzTest::fuzzerTestOneInput);
    }

    /** The first byte chooses where a client begins: with its flags, or after it chose an export in one of two ways. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        if (input.length == 0) {
            return;
        }
        FuzzVolume next = FuzzVolume.next(volume);
        if (next != volume) {
            volume = next;
            exports = new Exports(volume.files());
            exports.createDirectory();
        }
        FuzzConnection connection = new FuzzConnection(each -> new NbdConnection(each, exports, Optional.empty()));
        switch (Math.floorMod(input[0], 3)) {
            case 0 -> {}
            case 1 -> connection.feed(joined(FLAGS, GO));
            default -> connection.feed(joined(FLAGS, STRUCTURED, CONTEXT, GO));
        }
        byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
        Mutations.bounded(bytes.length, () -> connection.feed(bytes));
        connection.end();
        FuzzConnection beside = new FuzzConnection(each -> new NbdConnection(each, exports, Optional.empty()));
        beside.feed(joined(FLAGS, GO, NbdClient.requestBytes(0, NbdCommand.READ.code(), 7, 0, 1)));
        assertFalse(beside.isClosed());
        byte[] reply = beside.replies().get(beside.replies().size() - 1);
        // Magic, no error, the handle.
        assertEquals(0x67446698_00000000L, ByteBuffer.wrap(reply).getLong(), "another client's read");
        beside.end();
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}
