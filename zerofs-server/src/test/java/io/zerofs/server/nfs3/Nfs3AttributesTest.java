// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static io.zerofs.server.client.Nfs3Client.ofMode;
import static io.zerofs.server.client.Nfs3Client.ofSize;
import static io.zerofs.server.nfs3.wire.Nfs3Call.Access.DELETE;
import static io.zerofs.server.nfs3.wire.Nfs3Call.Access.EXECUTE;
import static io.zerofs.server.nfs3.wire.Nfs3Call.Access.EXTEND;
import static io.zerofs.server.nfs3.wire.Nfs3Call.Access.LOOKUP;
import static io.zerofs.server.nfs3.wire.Nfs3Call.Access.MODIFY;
import static io.zerofs.server.nfs3.wire.Nfs3Call.Access.READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Fattr3;
import io.zerofs.server.nfs3.wire.FileType3;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.NfsTime3;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** GETATTR, SETATTR, ACCESS, FSSTAT, FSINFO and PATHCONF. */
class Nfs3AttributesTest {
    private static final int ALL = READ | LOOKUP | MODIFY | EXTEND | DELETE | EXECUTE;

    private final Nfs3Fixture fixture = Nfs3Fixture.open();
    private final Nfs3Client client = fixture.client;
    private final byte[] root = fixture.root;
    private final byte[] file = client.create(root, "f");

    Nfs3AttributesTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private Fattr3 attributes(byte[] object) throws IOException {
        return client.call(Nfs3Result.GetAttrOk.class, new Nfs3Call.GetAttr(object))
                .attributes();
    }

    private Nfs3Result.WccOk set(Sattr3 attributes) throws IOException {
        return client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, attributes, null));
    }

    private int access(Nfs3Client who, byte[] object) throws IOException {
        return who.call(Nfs3Result.AccessOk.class, new Nfs3Call.Access(object, ALL))
                .access();
    }

    @Test
    void getattrReportsKindAndIdentity() throws IOException {
        Fattr3 directory = attributes(root);
        Fattr3 regular = attributes(file);
        assertEquals(FileType3.DIRECTORY, directory.type());
        assertEquals(FileType3.REGULAR, regular.type());
        assertEquals(1, directory.fileId());
        assertEquals(directory.fileSystemId(), regular.fileSystemId());
        assertNotEquals(directory.fileId(), regular.fileId());
    }

    @Test
    void ownerThatIsNoNumberOfAUserStaysAsItIs() throws IOException {
        set(new Sattr3(null, 7, 8, null, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE));
        set(new Sattr3(null, -1, -1, null, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE));
        assertEquals(7, attributes(file).uid());
        assertEquals(8, attributes(file).gid());
    }

    @Test
    void setattrChangesOnlyTheGivenAttributes() throws IOException {
        Nfs3Result.WccOk changed =
                set(new Sattr3(0751, 7, 8, 99L, Sattr3.SetTime.SERVER_TIME, Sattr3.SetTime.DONT_CHANGE));
        assertEquals(0, changed.wcc().before().size());
        Fattr3 after = attributes(file);
        assertEquals(changed.wcc().after(), after);
        assertEquals(0751, after.mode());
        assertEquals(7, after.uid());
        assertEquals(8, after.gid());
        assertEquals(99, after.size());
        set(ofMode(0600));
        assertEquals(99, attributes(file).size());
    }

    @Test
    void timesGoBeyond2038() throws IOException {
        NfsTime3 late = new NfsTime3(0xFFFF_FFFF, 999_999_999);
        set(new Sattr3(
                null,
                null,
                null,
                null,
                new Sattr3.SetTime(Sattr3.SetTime.How.CLIENT_TIME, late),
                new Sattr3.SetTime(Sattr3.SetTime.How.CLIENT_TIME, new NfsTime3(0, 0))));
        assertEquals(late, attributes(file).accessed());
        assertEquals(new NfsTime3(0, 0), attributes(file).modified());
    }

    @Test
    void guardThatDoesNotMatchChangesNothing() throws IOException {
        NfsTime3 changed = attributes(file).changed();
        NfsTime3 other = new NfsTime3(changed.seconds() - 1, changed.nanos());
        assertEquals(Nfs3Status.NOT_SYNC, client.status(new Nfs3Call.SetAttr(file, ofMode(0), other)));
        assertEquals(0644, attributes(file).mode());
        assertEquals(Nfs3Status.OK, client.status(new Nfs3Call.SetAttr(file, ofMode(0), changed)));
    }

    @Test
    void setattrIsForTheOwner() throws IOException {
        assertEquals(Nfs3Status.PERM, client.as(9, 9).status(new Nfs3Call.SetAttr(file, ofMode(0777), null)));
        assertEquals(Nfs3Status.ISDIR, client.status(new Nfs3Call.SetAttr(root, ofSize(0), null)));
    }

    @Test
    void accessIsRightForOwnerGroupAndOthers() throws IOException {
        set(new Sattr3(0754, 10, 20, null, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE));
        assertEquals(READ | MODIFY | EXTEND | EXECUTE, access(client.as(10, 1), file));
        assertEquals(READ | EXECUTE, access(client.as(11, 20), file));
        assertEquals(READ | EXECUTE, access(client.as(11, 1, 5, 20), file), "supplementary group");
        assertEquals(READ, access(client.as(11, 1), file));
        assertEquals(READ | MODIFY | EXTEND | EXECUTE, access(client, file), "superuser");
        set(ofMode(0644));
        assertEquals(READ | MODIFY | EXTEND, access(client, file), "nobody may execute what has no x bit");
    }

    @Test
    void accessToADirectoryNeedsSearchPermissionForChanges() throws IOException {
        byte[] directory = client.makeDirectory(root, "d");
        assertEquals(READ | LOOKUP, access(client.as(1, 1), directory));
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(directory, ofMode(0773), null));
        assertEquals(LOOKUP | MODIFY | EXTEND | DELETE, access(client.as(1, 1), directory));
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(directory, ofMode(0776), null));
        assertEquals(READ, access(client.as(1, 1), directory));
    }

    @Test
    void accessAnswersOnlyTheRequestedBits() throws IOException {
        assertEquals(
                READ,
                client.call(Nfs3Result.AccessOk.class, new Nfs3Call.Access(file, READ))
                        .access());
    }

    @Test
    void fsstatCountsBytesAndFiles() throws IOException {
        Nfs3Result.FsStatOk before = client.call(Nfs3Result.FsStatOk.class, new Nfs3Call.FsStat(root));
        client.write(file, 0, new byte[1 << 20], StableHow.UNSTABLE);
        client.create(root, "g");
        Nfs3Result.FsStatOk after = client.call(Nfs3Result.FsStatOk.class, new Nfs3Call.FsStat(root));
        // An inode and a name of one letter count as well.
        assertEquals((1 << 20) + 128 + 64 + 2, before.freeBytes() - after.freeBytes());
        assertEquals(1, before.freeFiles() - after.freeFiles());
        assertTrue(after.totalBytes() > 0 && after.availableBytes() == after.freeBytes());
    }

    @Test
    void fsinfoAndPathconfGiveTheLimits() throws IOException {
        Nfs3Result.FsInfoOk info = client.call(Nfs3Result.FsInfoOk.class, new Nfs3Call.FsInfo(root));
        assertEquals(Nfs3Limits.TRANSFER_BYTES_MAX, info.readMax());
        assertEquals(Nfs3Limits.TRANSFER_BYTES_MAX, info.writeMax());
        assertEquals(-1, info.fileBytesMax());
        assertEquals(0x1b, info.properties());
        Nfs3Result.PathConfOk names = client.call(Nfs3Result.PathConfOk.class, new Nfs3Call.PathConf(file));
        assertEquals(255, names.nameBytesMax());
        assertEquals(65_535, names.linksMax());
        assertTrue(names.refusesLongNames() && names.restrictsChown() && names.preservesCase());
    }
}
