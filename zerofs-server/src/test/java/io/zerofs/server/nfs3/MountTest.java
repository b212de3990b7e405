// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.RpcClient;
import io.zerofs.server.nfs3.wire.MountProcedure;
import io.zerofs.server.nfs3.wire.MountStatus;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Sattr3;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The procedures of MOUNT, and NULL of both programs. */
class MountTest {
    private static final int AUTH_SYS = 1;

    private final Nfs3Fixture fixture = Nfs3Fixture.open();
    private final Nfs3Client client = fixture.client;

    MountTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private RpcClient.Reply call(MountProcedure procedure, Consumer<XdrWriter> arguments) throws IOException {
        return RpcClient.get(client.rpc().call(client.mountHeader(procedure.number()), arguments));
    }

    private static void path(XdrWriter out, String path) {
        out.writeOpaque(path.getBytes(StandardCharsets.UTF_8));
    }

    private int mountStatus(String path) throws Exception {
        return call(MountProcedure.MNT, out -> path(out, path)).rest().readInt();
    }

    @Test
    void nullOfBothProgramsAnswers() throws IOException {
        assertTrue(call(MountProcedure.NULL, out -> {}).isSuccess());
        assertTrue(RpcClient.get(client.rpc().call(client.nfsHeader(Nfs3Procedure.NULL), out -> {}))
                .isSuccess());
    }

    @Test
    void everyDirectoryCanBeMounted() throws IOException {
        byte[] directory = client.makeDirectory(fixture.root, "d");
        byte[] inner = client.makeDirectory(directory, "inner");
        assertArrayEquals(fixture.root, client.mount(""));
        assertArrayEquals(directory, client.mount("/d"));
        assertArrayEquals(inner, client.mount("//d/./inner/"));
        assertArrayEquals(directory, client.mount("/d/inner/.."));
    }

    @Test
    void mountOffersAuthSysFirst() throws Exception {
        XdrReader reply = call(MountProcedure.MNT, out -> path(out, "/")).rest();
        assertEquals(MountStatus.OK.code(), reply.readInt());
        reply.readOpaque(64);
        assertEquals(2, reply.readInt());
        assertEquals(AUTH_SYS, reply.readInt());
    }

    @Test
    void mountReportsEachError() throws Exception {
        client.create(fixture.root, "f");
        client.call(
                Nfs3Result.CreateOk.class,
                new Nfs3Call.Symlink(fixture.root, Nfs3Client.bytes("l"), Sattr3.NONE, Nfs3Client.bytes("/")));
        assertEquals(MountStatus.NOENT.code(), mountStatus("/missing"));
        assertEquals(MountStatus.NOTDIR.code(), mountStatus("/f"));
        assertEquals(MountStatus.NOTDIR.code(), mountStatus("/l"));
        assertEquals(MountStatus.NAMETOOLONG.code(), mountStatus("/" + "n".repeat(256)));
        assertFalse(call(MountProcedure.MNT, out -> path(out, "/" + "n".repeat(1_024)))
                .isSuccess());
    }

    @Test
    void dumpListsMountsUntilTheyEnd() throws Exception {
        client.makeDirectory(fixture.root, "d");
        client.mount("/d");
        client.mount("/d");
        assertEquals("127.0.0.1:/ 127.0.0.1:/d ", dump());
        call(MountProcedure.UMNT, out -> path(out, "/d"));
        assertEquals("127.0.0.1:/ ", dump());
        call(MountProcedure.UMNTALL, out -> {});
        assertEquals("", dump());
    }

    private String dump() throws Exception {
        XdrReader reply = call(MountProcedure.DUMP, out -> {}).rest();
        StringBuilder text = new StringBuilder();
        while (reply.readBoolean()) {
            text.append(new String(reply.readOpaque(255), StandardCharsets.UTF_8))
                    .append(':');
            text.append(new String(reply.readOpaque(1_024), StandardCharsets.UTF_8))
                    .append(' ');
        }
        return text.toString();
    }

    @Test
    void exportListsTheRootForEverybody() throws Exception {
        XdrReader reply = call(MountProcedure.EXPORT, out -> {}).rest();
        assertTrue(reply.readBoolean());
        assertArrayEquals(new byte[] {'/'}, reply.readOpaque(1_024));
        assertFalse(reply.readBoolean(), "groups");
        assertFalse(reply.readBoolean(), "exports");
    }
}
