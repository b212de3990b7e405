// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.random.Seeds;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Nfs3CallFuzzTest {
    private static final int ROUNDS = 200_000;

    private final GoldenBytes golden = GoldenBytes.load("nfs3.hex");
    private final List<String> calls =
            golden.names().stream().filter(name -> name.contains("call")).toList();

    Nfs3CallFuzzTest() throws IOException {}

    private static Nfs3Procedure procedure(String name) {
        return Nfs3Procedure.valueOf(name.substring(0, name.indexOf(' ')));
    }

    @Test
    void truncatedCallsAreMalformed() {
        for (String name : calls) {
            byte[] whole = golden.get(name);
            // Padding at the end of a WRITE may be missing.
            int shortest = name.startsWith("WRITE") ? whole.length - 4 : whole.length - 1;
            for (int length = 0; length <= shortest; length++) {
                ByteBuf cut = Unpooled.wrappedBuffer(whole, 0, length);
                assertThrows(
                        MalformedMessageException.class,
                        () -> Nfs3CallDecoder.decode(procedure(name), new XdrReader(cut)),
                        name + " cut to " + length);
            }
        }
    }

    @Test
    void damagedCallsAreDecodedOrMalformed() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            int decoded = 0;
            for (int i = 0; i < ROUNDS; i++) {
                String name = calls.get(random.nextInt(calls.size()));
                byte[] bytes = golden.get(name);
                for (int damage = random.nextInt(4); damage >= 0; damage--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                try {
                    Nfs3Call call =
                            Nfs3CallDecoder.decode(procedure(name), new XdrReader(Unpooled.wrappedBuffer(bytes)));
                    assertTrue(call.transferBytes() <= Nfs3Limits.TRANSFER_BYTES_MAX);
                    decoded++;
                } catch (MalformedMessageException e) {
                    // As it should be.
                }
            }
            assertTrue(decoded > 0, "nothing was decoded");
        });
    }

    @Test
    void randomBytesAreDecodedOrMalformed() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            for (int i = 0; i < ROUNDS; i++) {
                byte[] bytes = new byte[random.nextInt(120)];
                random.nextBytes(bytes);
                Nfs3Procedure procedure = Nfs3Procedure.of(1 + random.nextInt(Nfs3Procedure.values().length - 1));
                try {
                    Nfs3CallDecoder.decode(procedure, new XdrReader(Unpooled.wrappedBuffer(bytes)));
                } catch (MalformedMessageException e) {
                    // As it should be.
                }
            }
        });
    }
}
