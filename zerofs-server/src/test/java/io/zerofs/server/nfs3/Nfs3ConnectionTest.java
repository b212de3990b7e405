// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static io.zerofs.server.client.Nfs3Client.bytes;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.random.Seeds;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.RpcClient;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3CallWriter;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many calls, broken connections and bad clients. */
class Nfs3ConnectionTest {
    private final Nfs3Fixture fixture = Nfs3Fixture.open();
    private final Nfs3Client client = fixture.client;
    private final byte[] root = fixture.root;

    Nfs3ConnectionTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        fixture.close();
        assertEquals(0, fixture.resources().bytesInFlight());
        assertEquals(0, fixture.resources().connections());
    }

    @Test
    void manyCallsAreInFlightOnOneConnection() throws IOException {
        byte[] file = client.create(root, "f");
        List<CompletableFuture<Nfs3Result>> writes = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            byte[] data = new byte[i % 10 == 0 ? 1 << 20 : 4_096];
            Arrays.fill(data, (byte) i);
            ByteBuf payload = Unpooled.wrappedBuffer(data);
            writes.add(client.send(new Nfs3Call.Write(file, (long) i << 20, StableHow.UNSTABLE, payload)));
            writes.add(client.send(new Nfs3Call.GetAttr(root)));
        }
        for (CompletableFuture<Nfs3Result> each : writes) {
            assertEquals(Nfs3Status.OK, RpcClient.get(each).status());
        }
        List<CompletableFuture<Nfs3Result>> reads = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            reads.add(client.send(new Nfs3Call.Read(file, (long) i << 20, 1 << 20)));
        }
        for (int i = 0; i < 200; i++) {
            byte[] expected = new byte[i == 199 ? 4_096 : 1 << 20];
            Arrays.fill(expected, 0, i % 10 == 0 ? expected.length : 4_096, (byte) i);
            ByteBuf data = ((Nfs3Result.ReadOk) RpcClient.get(reads.get(i))).payload();
            assertArrayEquals(expected, ByteBufUtil.getBytes(data), "read " + i);
        }
    }

    @Test
    void clientThatIsAloneReadsTheRepliesToItsCalls() throws IOException {
        try (Nfs3Client alone = Nfs3Client.alone(fixture.port())) {
            byte[] file = alone.create(root, "f");
            byte[] data = new byte[1 << 20];
            Arrays.fill(data, (byte) 7);
            alone.write(file, 0, data, StableHow.UNSTABLE);
            for (int i = 0; i < 8; i++) {
                alone.add(new Nfs3Call.Read(file, 0, data.length));
                alone.add(new Nfs3Call.GetAttr(file));
            }
            alone.rpc().socket().flush();
            int replies = 0;
            while (replies < 16) {
                replies += alone.rpc().skipReplies();
            }
            assertEquals(16, replies);
            assertArrayEquals(data, alone.read(file, 0, data.length));
            alone.add(new Nfs3Call.Remove(root, bytes("missing")));
            alone.rpc().socket().flush();
            assertThrows(IOException.class, () -> alone.rpc().skipReplies());
        }
        await().until(() -> fixture.resources().connections() == 1);
    }

    @Test
    void changeThatIsSentAgainOverANewConnectionIsNotMadeTwice() throws IOException {
        client.create(root, "f");
        Nfs3Call remove = new Nfs3Call.Remove(root, bytes("f"));
        ByteBuf record = RpcClient.encode(
                4_711, client.nfsHeader(Nfs3Procedure.REMOVE), out -> Nfs3CallWriter.write(remove, out));
        for (int i = 0; i < 3; i++) {
            Nfs3Client reconnected = fixture.connect();
            assertEquals(Nfs3Status.OK, removeStatus(reconnected, record));
            reconnected.rpc().reset();
            await().until(() -> fixture.resources().connections() == 1);
        }
        assertEquals(Nfs3Status.NOENT, client.status(remove), "another call");
    }

    @Test
    void theSameCallAfterARestartOfTheClientIsMade() throws IOException {
        Nfs3Call remove = new Nfs3Call.Remove(root, bytes("f"));
        ByteBuf record = RpcClient.encode(
                4_711, client.nfsHeader(Nfs3Procedure.REMOVE), out -> Nfs3CallWriter.write(remove, out));
        for (int i = 0; i < 2; i++) {
            client.create(root, "f");
            try (Nfs3Client another = fixture.connect()) {
                assertEquals(Nfs3Status.OK, removeStatus(another, record));
            }
            await().until(() -> fixture.resources().connections() == 1);
            assertEquals(Nfs3Status.NOENT, client.status(remove), "it was not made");
        }
    }

    private static Nfs3Status removeStatus(Nfs3Client by, ByteBuf record) throws IOException {
        RpcClient.Reply reply = RpcClient.get(by.rpc().send(4_711, record));
        return Nfs3Client.read(Nfs3Procedure.REMOVE, reply).status();
    }

    @Test
    void callThatCannotBeDecodedIsAnsweredWithGarbageArgs() throws IOException {
        RpcClient.Reply reply =
                RpcClient.get(client.rpc().call(client.nfsHeader(Nfs3Procedure.WRITE), out -> out.writeInt(99)));
        assertEquals(4, reply.acceptStatus());
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.GetAttr(root)));
    }

    @Test
    void connectionThatIsNoRpcIsClosedAndOthersContinue() throws IOException {
        Nfs3Client bad = fixture.connect();
        CompletableFuture<RpcClient.Reply> never =
                bad.rpc().send(1, Unpooled.copiedBuffer("GET / HTTP/1.1\r\n\r\n", StandardCharsets.US_ASCII));
        assertThrows(IOException.class, () -> RpcClient.get(never));
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.GetAttr(root)));
    }

    @Test
    void connectionsThatEndInTheMiddleHoldNothing() throws IOException {
        byte[] file = client.create(root, "f");
        for (int i = 0; i < 20; i++) {
            try (Nfs3Client doomed = fixture.connect()) {
                for (int j = 0; j < 20; j++) {
                    doomed.send(
                            new Nfs3Call.Write(file, 0, StableHow.UNSTABLE, Unpooled.wrappedBuffer(new byte[100_000])));
                    doomed.send(new Nfs3Call.Read(file, 0, 100_000));
                }
                doomed.rpc().socket().send(Unpooled.wrappedBuffer(new byte[] {(byte) 0x80, 0, 100, 0, 1, 2, 3}));
            }
        }
        await().until(() ->
                fixture.resources().bytesInFlight() == 0 && fixture.resources().connections() == 1);
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.GetAttr(root)));
    }

    @Test
    void damagedCallsDoNoHarm() throws Exception {
        GoldenBytes golden = GoldenBytes.load("nfs3.hex");
        List<String> names =
                golden.names().stream().filter(name -> name.contains("call")).toList();
        byte[] file = client.create(root, "f");
        Seeds.run(seed -> {
            Random random = new Random(seed);
            Nfs3Client bad = fixture.connect();
            List<CompletableFuture<RpcClient.Reply>> replies = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                Nfs3Procedure procedure = Nfs3Procedure.of(1 + random.nextInt(Nfs3Procedure.values().length - 1));
                byte[] arguments = golden.get(names.get(random.nextInt(names.size())));
                int at = random.nextInt(arguments.length);
                arguments[at] = (byte) random.nextInt();
                byte[] handle = random.nextBoolean() ? root : file;
                replies.add(bad.rpc().call(bad.nfsHeader(procedure), out -> {
                    out.writeOpaque(handle);
                    int skipped = Math.min(12, arguments.length);
                    out.buffer().writeBytes(arguments, skipped, arguments.length - skipped);
                }));
            }
            for (CompletableFuture<RpcClient.Reply> each : replies) {
                int status = RpcClient.get(each).acceptStatus();
                assertTrue(status == 0 || status == 4, "accept status " + status);
            }
        });
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.GetAttr(root)));
    }
}
