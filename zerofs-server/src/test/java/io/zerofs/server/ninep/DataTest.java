// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;
import static io.zerofs.server.client.NinePClient.walkMessage;
import static io.zerofs.server.client.NinePClient.writeMessage;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Qid;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.SetattrValid;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.WireTime;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Open, create, read, write, fsync and statfs. */
class DataTest {
    @AutoClose
    private final NinePFixture fixture = new NinePFixture();

    private DirectClient client;

    @BeforeEach
    void open() throws Exception {
        client = fixture.root();
    }

    private static Tmessage chmod(int fid, int mode) {
        return new Tmessage.Tsetattr(fid, SetattrValid.MODE, mode, 0, 0, 0, WireTime.ZERO, WireTime.ZERO);
    }

    private static Tmessage truncate(int fid, long size) {
        return new Tmessage.Tsetattr(fid, SetattrValid.SIZE, 0, 0, 0, size, WireTime.ZERO, WireTime.ZERO);
    }

    @Test
    void aFileWhoseNameAnotherClientRemovesAtOnceIsCreatedAndOpen() throws Exception {
        VirtualFileSystem files = fixture.files();
        VirtualFileSystem removing = (VirtualFileSystem) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {VirtualFileSystem.class}, (proxy, method, arguments) -> {
                    Object outcome = method.invoke(files, arguments);
                    if (method.getName().startsWith("create")) {
                        files.remove(Credentials.ROOT, files.root(), (FileName) arguments[2], RemoveMode.ANY);
                    }
                    return outcome;
                });
        try (DirectClient creator = new DirectClient(new NinePServer(removing, NinePSettings.DEFAULT))) {
            creator.begin(0);
            creator.create(ROOT, 1, "f", OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE, 0644);
            creator.write(1, 0, "data");
            assertEquals("data", creator.read(1, 0, 100));
            creator.clunk(1);
        }
    }

    @Test
    void writtenBytesAreReadBack() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0640);
        client.write(1, 3, "hello");
        assertEquals("\0\0\0hello", client.read(1, 0, 100));
        assertEquals("ell", client.read(1, 4, 3));
        assertEquals("", client.read(1, 8, 3));
        assertEquals("", client.read(1, 1L << 40, 3));
        assertEquals(8, client.attributes(1).size());
        assertEquals(0100640, client.attributes(1).mode());
    }

    @Test
    void readIsCutToTheMessageSize() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0640);
        client.ok(truncate(1, 1 << 20));
        assertEquals(
                NinePClient.MSIZE - MessageHeader.DATA_OFFSET,
                client.read(1, 0, -1).length());
    }

    @Test
    void fidAllowsOnlyTheModeOfItsOpen() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.WRITE_ONLY, 0644);
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tread(1, 0, 1)));
        client.walk(ROOT, 2, "f");
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tread(2, 0, 1)));
        assertEquals(Errno.EBADF, client.error(writeMessage(2, 0, "x")));
        client.open(2, OpenFlags.READ_ONLY);
        assertEquals(Errno.EBADF, client.error(writeMessage(2, 0, "x")));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tlopen(2, OpenFlags.READ_ONLY)));
        client.walk(ROOT, 3);
        client.open(3, OpenFlags.READ_ONLY);
        assertEquals(Errno.EISDIR, client.error(new Tmessage.Tread(3, 0, 1)));
    }

    @Test
    void openChecksTheKindOfFile() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_ONLY, 0644);
        client.ok(new Tmessage.Tmknod(ROOT, bytes("p"), 0010644, 0, 0, 0));
        client.walk(ROOT, 2, "f");
        client.walk(ROOT, 3);
        client.walk(ROOT, 4, "p");
        assertEquals(Errno.ENOTDIR, client.error(new Tmessage.Tlopen(2, OpenFlags.DIRECTORY)));
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tlopen(2, OpenFlags.ACCESS_MODE)));
        assertEquals(Errno.EISDIR, client.error(new Tmessage.Tlopen(3, OpenFlags.READ_WRITE)));
        assertEquals(Errno.EISDIR, client.error(new Tmessage.Tlopen(3, OpenFlags.TRUNCATE)));
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tlopen(4, OpenFlags.READ_ONLY)));
    }

    @Test
    void openIsPermittedByTheModeAndKeepsItsRights() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0604);
        client.write(1, 0, "secret");
        DirectClient user = fixture.client(NinePFixture.UID);
        user.walk(ROOT, 1, "f");
        user.walk(ROOT, 2, "f");
        assertEquals(Errno.EACCES, user.error(new Tmessage.Tlopen(1, OpenFlags.READ_WRITE)));
        assertEquals(Errno.EACCES, user.error(new Tmessage.Tlopen(1, OpenFlags.TRUNCATE)));
        user.open(2, OpenFlags.READ_ONLY);
        client.ok(chmod(1, 0));
        assertEquals("secret", user.read(2, 0, 10));
        assertEquals(Errno.EACCES, user.error(new Tmessage.Tlopen(1, OpenFlags.READ_ONLY)));
    }

    @Test
    void creatorWritesEvenIntoAReadOnlyFile() throws Exception {
        client.ok(new Tmessage.Tmkdir(ROOT, bytes("t"), 01777, 0));
        DirectClient user = fixture.client(NinePFixture.UID);
        user.walk(ROOT, 1, "t");
        user.create(1, 2, "f", OpenFlags.READ_WRITE, 0400);
        user.write(2, 0, "x");
        user.ok(truncate(2, 0));
        user.walk(1, 3, "f");
        assertEquals(Errno.EACCES, user.error(new Tmessage.Tlopen(3, OpenFlags.WRITE_ONLY)));
    }

    @Test
    void createOpensAnExistingFileUnlessItIsExclusive() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        client.write(1, 0, "old");
        client.create(ROOT, 2, "f", OpenFlags.READ_WRITE, 0600);
        assertEquals("old", client.read(2, 0, 10));
        client.walk(ROOT, 3);
        assertEquals(Errno.EEXIST, client.error(new Tmessage.Tlcreate(3, bytes("f"), OpenFlags.EXCLUSIVE, 0600, 0)));
        client.create(ROOT, 4, "f", OpenFlags.READ_WRITE | OpenFlags.TRUNCATE, 0600);
        assertEquals("", client.read(2, 0, 10));
        assertEquals(0100644, client.attributes(4).mode());
    }

    @Test
    void truncateAtOpenEmptiesTheFile() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        client.write(1, 0, "old");
        client.walk(ROOT, 2, "f");
        client.open(2, OpenFlags.WRITE_ONLY | OpenFlags.TRUNCATE);
        assertEquals(0, client.attributes(1).size());
    }

    @Test
    void appendIgnoresTheOffset() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        client.write(1, 0, "abc");
        client.walk(ROOT, 2, "f");
        client.open(2, OpenFlags.WRITE_ONLY | OpenFlags.APPEND);
        client.write(2, 0, "def");
        assertEquals("abcdef", client.read(1, 0, 10));
    }

    @Test
    void unlinkedFileLivesUntilTheLastFidIsClunked() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        client.write(1, 0, "abc");
        client.walk(ROOT, 2, "f");
        client.open(2, OpenFlags.READ_ONLY);
        client.ok(new Tmessage.Tunlinkat(ROOT, bytes("f"), 0));
        client.write(1, 3, "def");
        client.clunk(1);
        assertEquals("abcdef", client.read(2, 0, 10));
        assertEquals(0, client.attributes(2).links());
        client.walk(2, 3);
        client.clunk(2);
        // The file goes in the background.
        await().until(() -> client.error(new Tmessage.Tgetattr(3, 1)) == Errno.ESTALE);
    }

    @Test
    void synchronousWriteAndFsyncAreAnswered() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE | OpenFlags.SYNC, 0644);
        client.write(1, 0, "abc");
        client.ok(new Tmessage.Tfsync(1, false));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tfsync(77, false)));
    }

    @Test
    void versionOfAFileStaysInASessionAndIsAnotherInTheNext() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        Qid created = client.attributes(1).qid();
        client.write(1, 0, "abc");
        client.walk(ROOT, 2, "f");
        assertEquals(created, client.attributes(2).qid());
        assertNotEquals(0, created.version(), "Linux caches no file of version 0");
        try (NinePClient another = fixture.root()) {
            another.walk(ROOT, 1, "f");
            assertNotEquals(created.version(), another.attributes(1).qid().version());
        }
    }

    @Test
    void anotherProtocolsWriteIsSeen() throws Exception {
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        InodeId inode = fixture.files()
                .lookup(Credentials.ROOT, fixture.files().root(), FileName.of("f"))
                .id();
        fixture.files().write(Credentials.ROOT, inode, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(bytes("elsewhere")));
        assertEquals("elsewhere", client.read(1, 0, 100));
        assertEquals(inode.number(), client.attributes(1).qid().path());
    }

    @Test
    void statisticsCountUsedSpace() throws Exception {
        Rmessage.Rstatfs before = client.ok(Rmessage.Rstatfs.class, new Tmessage.Tstatfs(ROOT));
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        Rmessage.Rstatfs after = client.ok(Rmessage.Rstatfs.class, new Tmessage.Tstatfs(ROOT));
        assertEquals(before.filesFree() - 1, after.filesFree());
        assertEquals(255, after.nameBytesMax());
    }

    @Test
    void nothingOfTheKindIsThereForAnUnknownFid() throws Exception {
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tgetattr(9, 1)));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tlopen(9, 0)));
        assertEquals(Errno.EBADF, client.error(walkMessage(9, 10)));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tstatfs(9)));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tremove(9)));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Treadlink(9)));
    }
}
