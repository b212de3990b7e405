// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.access.ExportedFiles;
import io.zerofs.server.access.UserMapping;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The access settings of NFS. */
class Nfs3AccessTest {
    private static final byte[] NEW = {'n'};

    private final Nfs3Fixture fixture = Nfs3Fixture.open();
    private final Nfs3Client all = fixture.client;
    private ProtocolServer server;
    private Nfs3Client client;

    Nfs3AccessTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        stop();
        fixture.close();
    }

    private void serve(VirtualFileSystem shown, Nfs3Settings settings) throws IOException {
        server = fixture.serve(shown, settings);
        client = Nfs3Client.connect(server.port());
    }

    private void serve(UserMapping users) throws IOException {
        serve(fixture.files(), new Nfs3Settings(Durability.COMMIT, users, false));
    }

    private void serveDirectory(String path) throws Exception {
        serve(ExportedFiles.of(fixture.files(), path, false), Nfs3Settings.of(Durability.COMMIT));
    }

    private void stop() throws IOException {
        if (client != null) {
            client.close();
            server.close();
            client = null;
        }
    }

    private Attributes stat(String name) throws Exception {
        return fixture.files().lookup(Credentials.ROOT, fixture.files().root(), FileName.of(name));
    }

    private void setMode(byte[] file, int mode) throws IOException {
        all.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, Nfs3Client.ofMode(mode), null));
    }

    @Test
    void aSquashedRootIsNobody() throws Exception {
        setMode(fixture.root, 0777);
        byte[] secret = all.create(fixture.root, "secret");
        setMode(secret, 0600);
        serve(new UserMapping(UserMapping.Squash.ROOT, 4000, 4001));
        client.create(client.mount("/"), "f");
        assertEquals(4000, stat("f").uid());
        assertEquals(4001, stat("f").gid());
        assertEquals(Nfs3Status.ACCES, client.status(new Nfs3Call.Read(secret, 0, 1)));
        client.as(1000, 1000).create(fixture.root, "g");
        assertEquals(1000, stat("g").uid());
    }

    @Test
    void everybodyIsSquashed() throws Exception {
        setMode(fixture.root, 0777);
        serve(new UserMapping(UserMapping.Squash.ALL, 4000, 4001));
        client.as(1000, 1000).create(fixture.root, "f");
        assertEquals(4000, stat("f").uid());
    }

    @Test
    void aReadOnlyServerChangesNothing() throws Exception {
        byte[] file = all.create(fixture.root, "f");
        serve(ExportedFiles.of(fixture.files(), "/", true), Nfs3Settings.of(Durability.STRICT));
        byte[] root = client.mount("/");
        assertArrayEquals(fixture.root, root);
        Sattr3 mode = Nfs3Client.ofMode(0);
        for (Nfs3Call change : new Nfs3Call[] {
            new Nfs3Call.SetAttr(file, mode, null),
            new Nfs3Call.Write(file, 0, StableHow.FILE_SYNC, Unpooled.wrappedBuffer(NEW)),
            new Nfs3Call.MkDir(root, NEW, mode),
            new Nfs3Call.Remove(root, new byte[] {'f'}),
            new Nfs3Call.Link(file, root, NEW)
        }) {
            assertEquals(Nfs3Status.ROFS, client.status(change), change.toString());
        }
        Nfs3Result.AccessOk access = client.call(Nfs3Result.AccessOk.class, new Nfs3Call.Access(file, 0x3f));
        assertEquals(Nfs3Call.Access.READ, access.access());
    }

    @Test
    void aDirectoryThatIsServedIsTheRoot() throws Exception {
        byte[] directory = all.makeDirectory(fixture.root, "d");
        all.makeDirectory(directory, "inside");
        all.create(fixture.root, "outside");
        serveDirectory("/d");
        byte[] root = client.mount("/");
        assertArrayEquals(root, client.lookup(root, "..").object());
        byte[] inside = client.mount("/inside");
        assertArrayEquals(root, client.lookup(inside, "..").object());
        assertThrows(IOException.class, () -> client.mount("/outside"));
        assertArrayEquals(root, client.list(root).get(1).handle());
        // Also after a restart of the server.
        stop();
        serveDirectory("/d");
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.GetAttr(inside)));
    }

    @Test
    void handlesThatWereNotGivenThereAreNone() throws Exception {
        all.makeDirectory(fixture.root, "d");
        all.makeDirectory(fixture.root, "e");
        byte[] outside = all.create(fixture.root, "outside");
        serveDirectory("/e");
        byte[] ofOther = client.mount("/");
        stop();
        serveDirectory("/d");
        byte[] own = client.mount("/");
        assertEquals(FileHandles.BYTES_OF_PART, own.length);
        assertEquals(Nfs3Status.BADHANDLE, client.status(new Nfs3Call.GetAttr(outside)));
        assertEquals(Nfs3Status.BADHANDLE, client.status(new Nfs3Call.GetAttr(ofOther)));
        for (int i = 0; i < own.length; i++) {
            byte[] forged = own.clone();
            forged[i] ^= 1;
            assertTrue(client.status(new Nfs3Call.GetAttr(forged)) != Nfs3Status.OK, "byte " + i);
        }
        assertEquals(Nfs3Status.BADHANDLE, all.status(new Nfs3Call.GetAttr(own)));
    }

    @Test
    void callsFromPortsThatAnybodyHasAreRefused() throws Exception {
        serve(fixture.files(), new Nfs3Settings(Durability.COMMIT, UserMapping.NONE, true));
        IOException refusal = assertThrows(IOException.class, () -> client.mount("/"));
        assertEquals("MNT: status 13", refusal.getMessage());
        var reply = client.rpc()
                .call(client.nfsHeader(Nfs3Procedure.GETATTR), out -> out.writeOpaque(fixture.root))
                .get();
        assertEquals(1, reply.replyStatus());
        assertEquals(1, reply.rest().readInt());
        assertEquals(5, reply.rest().readInt());
    }
}
