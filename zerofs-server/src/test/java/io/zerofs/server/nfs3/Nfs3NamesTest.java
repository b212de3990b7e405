// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static io.zerofs.server.client.Nfs3Client.bytes;
import static io.zerofs.server.client.Nfs3Client.ofMode;
import static io.zerofs.server.client.Nfs3Client.ofSize;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Fattr3;
import io.zerofs.server.nfs3.wire.FileType3;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Call.Create.Mode;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** LOOKUP, CREATE, MKDIR, SYMLINK, MKNOD, READLINK, REMOVE, RMDIR, RENAME, LINK. */
class Nfs3NamesTest {
    private final Nfs3Fixture fixture = Nfs3Fixture.open();
    private final Nfs3Client client = fixture.client;
    private final byte[] root = fixture.root;

    Nfs3NamesTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private Nfs3Status lookupStatus(byte[] directory, String name) throws IOException {
        return client.status(new Nfs3Call.Lookup(directory, bytes(name)));
    }

    private Nfs3Call.Create create(String name, Mode mode, Sattr3 attributes, long verifier) {
        return new Nfs3Call.Create(root, bytes(name), mode, attributes, verifier);
    }

    @Test
    void lookupReturnsHandleAndAttributesOfFileAndDirectory() throws IOException {
        byte[] file = client.create(root, "f");
        Nfs3Result.LookupOk found = client.lookup(root, "f");
        assertArrayEquals(file, found.object());
        assertEquals(FileType3.REGULAR, found.attributes().type());
        assertEquals(FileType3.DIRECTORY, found.directory().type());
    }

    @Test
    void lookupResolvesDotAndDotDotAndTheRootIsItsOwnParent() throws IOException {
        byte[] directory = client.makeDirectory(root, "d");
        assertArrayEquals(directory, client.lookup(directory, ".").object());
        assertArrayEquals(root, client.lookup(directory, "..").object());
        assertArrayEquals(root, client.lookup(root, "..").object());
    }

    @Test
    void lookupReportsEachError() throws IOException {
        byte[] file = client.create(root, "f");
        assertEquals(Nfs3Status.NOENT, lookupStatus(root, "missing"));
        assertEquals(Nfs3Status.NOTDIR, lookupStatus(file, "x"));
        assertEquals(Nfs3Status.NAMETOOLONG, lookupStatus(root, "n".repeat(256)));
        assertEquals(Nfs3Status.INVAL, lookupStatus(root, ""));
        Nfs3Result.AttributesFailure failure = assertInstanceOf(
                Nfs3Result.AttributesFailure.class, client.call(new Nfs3Call.Lookup(root, bytes("missing"))));
        assertNotNull(failure.attributes(), "attributes of the directory");
    }

    @Test
    void garbageHandlesAreBadAndHandlesOfRemovedFilesAreStale() throws IOException {
        byte[] file = client.create(root, "f");
        byte[] garbage = file.clone();
        garbage[10] ^= 1;
        assertEquals(Nfs3Status.BADHANDLE, client.status(new Nfs3Call.GetAttr(garbage)));
        assertEquals(Nfs3Status.BADHANDLE, client.status(new Nfs3Call.GetAttr(new byte[0])));
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.Remove(root, bytes("f")));
        assertEquals(Nfs3Status.STALE, client.status(new Nfs3Call.GetAttr(file)));
        assertEquals(Nfs3Status.STALE, client.status(new Nfs3Call.Read(file, 0, 10)));
        assertEquals(Nfs3Status.BADHANDLE, client.status(new Nfs3Call.Rename(root, bytes("a"), garbage, bytes("b"))));
    }

    @Test
    void createUncheckedTruncatesAnExistingFile() throws IOException {
        byte[] file = client.create(root, "f");
        client.write(file, 0, new byte[100], StableHow.UNSTABLE);
        Nfs3Result.CreateOk again = client.call(Nfs3Result.CreateOk.class, create("f", Mode.UNCHECKED, ofSize(0), 0));
        assertArrayEquals(file, again.object());
        assertEquals(0, again.attributes().size());
    }

    @Test
    void createGuardedRefusesAnExistingFile() throws IOException {
        client.create(root, "f");
        assertEquals(Nfs3Status.EXIST, client.status(create("f", Mode.GUARDED, ofMode(0600), 0)));
    }

    @Test
    void createExclusiveAcceptsTheSameVerifierOnly() throws IOException {
        Nfs3Result.CreateOk made = client.call(Nfs3Result.CreateOk.class, create("f", Mode.EXCLUSIVE, Sattr3.NONE, 77));
        Nfs3Result.CreateOk again =
                client.call(Nfs3Result.CreateOk.class, create("f", Mode.EXCLUSIVE, Sattr3.NONE, 77));
        assertArrayEquals(made.object(), again.object());
        assertEquals(Nfs3Status.EXIST, client.status(create("f", Mode.EXCLUSIVE, Sattr3.NONE, 78)));
    }

    @Test
    void createTakesModeOwnerAndGroup() throws IOException {
        Sattr3 attributes = new Sattr3(04751, 12, 34, 5L, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.SERVER_TIME);
        Fattr3 made = client.call(Nfs3Result.CreateOk.class, create("f", Mode.GUARDED, attributes, 0))
                .attributes();
        assertEquals(12, made.uid());
        assertEquals(34, made.gid());
        assertEquals(5, made.size());
        assertEquals(04751, made.mode());
    }

    @Test
    void mkdirMakesADirectoryAndReportsTheParentBeforeAndAfter() throws IOException {
        Nfs3Result.CreateOk made =
                client.call(Nfs3Result.CreateOk.class, new Nfs3Call.MkDir(root, bytes("d"), ofMode(01777)));
        assertEquals(FileType3.DIRECTORY, made.attributes().type());
        assertEquals(01777, made.attributes().mode());
        assertEquals(2, made.attributes().links());
        assertEquals(3, made.directory().after().links());
        assertNotNull(made.directory().before());
        assertEquals(Nfs3Status.EXIST, client.status(new Nfs3Call.MkDir(root, bytes("d"), ofMode(0))));
        assertEquals(Nfs3Status.EXIST, client.status(new Nfs3Call.MkDir(root, bytes("."), ofMode(0))));
    }

    @Test
    void symlinkKeepsItsTargetByteForByte() throws IOException {
        byte[] target = {'.', '.', '/', (byte) 0xff, (byte) 0xc0, ' '};
        byte[] symlink = client.call(
                        Nfs3Result.CreateOk.class, new Nfs3Call.Symlink(root, bytes("l"), Sattr3.NONE, target))
                .object();
        Nfs3Result.ReadLinkOk read = client.call(Nfs3Result.ReadLinkOk.class, new Nfs3Call.ReadLink(symlink));
        assertArrayEquals(target, read.target());
        assertEquals(FileType3.SYMLINK, read.attributes().type());
        assertEquals(target.length, read.attributes().size());
        assertEquals(Nfs3Status.INVAL, client.status(new Nfs3Call.ReadLink(root)));
        assertEquals(
                Nfs3Status.NAMETOOLONG,
                client.status(new Nfs3Call.Symlink(root, bytes("long"), Sattr3.NONE, new byte[4_096])));
    }

    @Test
    void mknodMakesOnlySpecialFiles() throws IOException {
        Fattr3 device = client.call(
                        Nfs3Result.CreateOk.class,
                        new Nfs3Call.MkNod(root, bytes("c"), FileType3.CHARACTER_DEVICE, ofMode(0666), 1, 300))
                .attributes();
        assertEquals(FileType3.CHARACTER_DEVICE, device.type());
        assertEquals(1, device.deviceMajor());
        assertEquals(300, device.deviceMinor());
        for (FileType3 type : new FileType3[] {FileType3.FIFO, FileType3.SOCKET, FileType3.BLOCK_DEVICE}) {
            Nfs3Call.MkNod call = new Nfs3Call.MkNod(root, bytes(type.name()), type, ofMode(0600), 0, 0);
            assertEquals(
                    type,
                    client.call(Nfs3Result.CreateOk.class, call).attributes().type());
        }
        assertEquals(
                Nfs3Status.BADTYPE,
                client.status(new Nfs3Call.MkNod(root, bytes("r"), FileType3.REGULAR, Sattr3.NONE, 0, 0)));
        assertEquals(
                Nfs3Status.PERM,
                client.as(5, 5)
                        .status(new Nfs3Call.MkNod(
                                makeOpenDirectory(), bytes("c"), FileType3.BLOCK_DEVICE, ofMode(0), 1, 1)));
    }

    private byte[] makeOpenDirectory() throws IOException {
        return client.call(Nfs3Result.CreateOk.class, new Nfs3Call.MkDir(root, bytes("open"), ofMode(0777)))
                .object();
    }

    @Test
    void removeAndRmdirTakeTheirKindOnly() throws IOException {
        client.create(root, "f");
        byte[] directory = client.makeDirectory(root, "d");
        client.create(directory, "inside");
        assertEquals(Nfs3Status.ISDIR, client.status(new Nfs3Call.Remove(root, bytes("d"))));
        assertEquals(Nfs3Status.NOTDIR, client.status(new Nfs3Call.RmDir(root, bytes("f"))));
        assertEquals(Nfs3Status.NOTEMPTY, client.status(new Nfs3Call.RmDir(root, bytes("d"))));
        assertEquals(Nfs3Status.NOENT, client.status(new Nfs3Call.Remove(root, bytes("x"))));
        assertEquals(Nfs3Status.INVAL, client.status(new Nfs3Call.RmDir(root, bytes("."))));
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.Remove(directory, bytes("inside"))));
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.RmDir(root, bytes("d"))));
        assertEquals(Nfs3Status.NOENT, lookupStatus(root, "d"));
    }

    @Test
    void renameReplacesAndReportsBothDirectories() throws IOException {
        byte[] file = client.create(root, "a");
        byte[] directory = client.makeDirectory(root, "d");
        client.create(directory, "b");
        Nfs3Result.RenameOk done =
                client.call(Nfs3Result.RenameOk.class, new Nfs3Call.Rename(root, bytes("a"), directory, bytes("b")));
        assertNotNull(done.from().before());
        assertNotNull(done.to().before());
        assertArrayEquals(file, client.lookup(directory, "b").object());
        assertEquals(Nfs3Status.NOENT, lookupStatus(root, "a"));
        assertEquals(Nfs3Status.NOENT, client.status(new Nfs3Call.Rename(root, bytes("x"), directory, bytes("y"))));
        assertEquals(Nfs3Status.INVAL, client.status(new Nfs3Call.Rename(root, bytes("d"), directory, bytes("below"))));
    }

    @Test
    void linkGivesOneMoreNameToTheSameFile() throws IOException {
        byte[] file = client.create(root, "a");
        Nfs3Result.LinkOk linked = client.call(Nfs3Result.LinkOk.class, new Nfs3Call.Link(file, root, bytes("b")));
        assertEquals(2, linked.attributes().links());
        assertArrayEquals(file, client.lookup(root, "b").object());
        assertEquals(Nfs3Status.EXIST, client.status(new Nfs3Call.Link(file, root, bytes("b"))));
        byte[] directory = client.makeDirectory(root, "d");
        assertEquals(Nfs3Status.PERM, client.status(new Nfs3Call.Link(directory, root, bytes("e"))));
    }

    @Test
    void namesMayHoldAnyBytes() throws IOException {
        byte[] name = new byte[253];
        for (int i = 1; i < 256; i++) {
            if (i != '/') {
                name[i < '/' ? i - 1 : i - 2 < 253 ? i - 2 : 252] = (byte) i;
            }
        }
        client.call(Nfs3Result.CreateOk.class, new Nfs3Call.Create(root, name, Mode.GUARDED, ofMode(0600), 0));
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.Lookup(root, name)));
        assertArrayEquals(name, client.list(root).get(2).name());
    }
}
