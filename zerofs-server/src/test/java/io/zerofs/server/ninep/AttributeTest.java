// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.GetattrMask;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.SetattrValid;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.WireTime;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Getattr, setattr and extended attributes. */
class AttributeTest {
    @AutoClose
    private final NinePFixture fixture = new NinePFixture();

    private DirectClient client;

    @BeforeEach
    void open() throws Exception {
        client = fixture.root();
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        client.walk(ROOT, 2, "f");
    }

    private void set(int fid, int valid, int mode, int uid, int gid, long size) throws Exception {
        client.ok(new Tmessage.Tsetattr(
                fid, valid, mode, uid, gid, size, new WireTime(-5, 6), new WireTime(1L << 33, 8)));
    }

    @Test
    void onlyRequestedAttributesAreValid() throws Exception {
        Rmessage.Rgetattr some =
                client.ok(Rmessage.Rgetattr.class, new Tmessage.Tgetattr(1, GetattrMask.MODE | 1L << 40));
        assertEquals(GetattrMask.MODE, some.valid());
        assertEquals(GetattrMask.ALL, client.attributes(1).valid());
    }

    @Test
    void eachValidBitChangesItsAttribute() throws Exception {
        set(2, SetattrValid.MODE, 07755, 0, 0, 0);
        assertEquals(0107755, client.attributes(1).mode());
        set(2, SetattrValid.UID, 0, 5, 6, 0);
        assertEquals(5, client.attributes(1).uid());
        assertEquals(0, client.attributes(1).gid());
        set(2, SetattrValid.GID, 0, 0, 6, 0);
        assertEquals(6, client.attributes(1).gid());
        set(2, SetattrValid.UID | SetattrValid.GID, 0, -1, -1, 0);
        assertEquals(5, client.attributes(1).uid(), "as chown(2) has it");
        assertEquals(6, client.attributes(1).gid());
        set(2, SetattrValid.SIZE, 0, 0, 0, 1000);
        assertEquals(1000, client.attributes(1).size());
    }

    @Test
    void timesAreSetToAValueOrToNow() throws Exception {
        set(2, SetattrValid.ACCESSED | SetattrValid.ACCESSED_SET, 0, 0, 0, 0);
        Rmessage.Rgetattr first = client.attributes(1);
        assertEquals(new WireTime(-5, 6), first.accessed());
        set(2, SetattrValid.MODIFIED | SetattrValid.MODIFIED_SET, 0, 0, 0, 0);
        assertEquals(new WireTime(1L << 33, 8), client.attributes(1).modified());
        set(2, SetattrValid.ACCESSED | SetattrValid.MODIFIED, 0, 0, 0, 0);
        Rmessage.Rgetattr now = client.attributes(1);
        assertTrue(now.accessed().seconds() >= first.changed().seconds());
        assertEquals(now.accessed(), now.modified());
        Tmessage bad = new Tmessage.Tsetattr(
                2,
                SetattrValid.MODIFIED | SetattrValid.MODIFIED_SET,
                0,
                0,
                0,
                0,
                WireTime.ZERO,
                new WireTime(1, 1_000_000_000));
        assertEquals(Errno.EINVAL, client.error(bad));
    }

    @Test
    void changeOfCtimeAloneMovesCtimeAlone() throws Exception {
        Rmessage.Rgetattr before = client.attributes(1);
        set(2, SetattrValid.CHANGED, 0, 0, 0, 0);
        Rmessage.Rgetattr after = client.attributes(1);
        assertEquals(before.modified(), after.modified());
        assertTrue(after.dataVersion() > before.dataVersion());
    }

    @Test
    void strangerMayNotChange() throws Exception {
        DirectClient user = fixture.client(NinePFixture.UID);
        user.walk(ROOT, 1, "f");
        for (int valid : new int[] {SetattrValid.MODE, SetattrValid.UID, SetattrValid.ACCESSED | 0x80}) {
            assertEquals(
                    Errno.EPERM,
                    user.error(new Tmessage.Tsetattr(1, valid, 0777, 1, 1, 1, WireTime.ZERO, WireTime.ZERO)));
        }
        assertEquals(
                Errno.EACCES,
                user.error(new Tmessage.Tsetattr(1, SetattrValid.SIZE, 0, 0, 0, 1, WireTime.ZERO, WireTime.ZERO)));
    }

    @Test
    void aWriterWhoIsNotTheOwnerClearsSetuid() throws Exception {
        DirectClient user = fixture.client(NinePFixture.UID);
        user.walk(ROOT, 1, "f");
        for (int valid : new int[] {SetattrValid.MODE, SetattrValid.MODE | SetattrValid.SIZE}) {
            set(2, SetattrValid.MODE, 06755, 0, 0, 0);
            Tmessage drop = new Tmessage.Tsetattr(1, valid, 0755, 0, 0, 0, WireTime.ZERO, WireTime.ZERO);
            assertEquals(valid == SetattrValid.MODE ? Errno.EPERM : Errno.EACCES, user.error(drop));
            set(2, SetattrValid.MODE, 06777, 0, 0, 0);
            user.ok(new Tmessage.Tsetattr(1, valid, 0777, 0, 0, 0, WireTime.ZERO, WireTime.ZERO));
            assertEquals(0100777, client.attributes(1).mode());
            assertEquals(
                    Errno.EPERM,
                    user.error(new Tmessage.Tsetattr(1, valid, 0776, 0, 0, 0, WireTime.ZERO, WireTime.ZERO)));
        }
    }

    private void setXattr(String name, String value, int flags) throws Exception {
        assertEquals(null, trySetXattr(name, value, flags));
    }

    private Errno trySetXattr(String name, String value, int flags) throws Exception {
        client.walk(2, 50);
        client.ok(new Tmessage.Txattrcreate(50, bytes(name), value.length(), flags));
        int half = value.length() / 2;
        if (!value.isEmpty()) {
            client.write(50, 0, value.substring(0, half));
            client.write(50, half, value.substring(half));
        }
        return client.error(new Tmessage.Tclunk(50));
    }

    private String getXattr(String name) throws Exception {
        Rmessage.Rxattrwalk walked = client.ok(Rmessage.Rxattrwalk.class, new Tmessage.Txattrwalk(2, 51, bytes(name)));
        String value = client.read(51, 0, 4096) + client.read(51, 4096, NinePClient.MSIZE);
        client.clunk(51);
        assertEquals(walked.size(), value.length());
        return value;
    }

    @Test
    void extendedAttributesAreSetReadListedAndRemoved() throws Exception {
        setXattr("user.a", "value", 0);
        setXattr("trusted.b", "\0\u00ff", 1);
        assertEquals("value", getXattr("user.a"));
        assertEquals("\0\u00ff", getXattr("trusted.b"));
        assertEquals("trusted.b\0user.a\0", getXattr(""));
        setXattr("user.a", "", 0);
        assertEquals("", getXattr("user.a"));
        setXattr("user.a", "", 2);
        assertEquals("trusted.b\0", getXattr(""));
        assertEquals(Errno.ENODATA, client.error(new Tmessage.Txattrwalk(2, 51, bytes("user.a"))));
    }

    @Test
    void flagsOfSetxattrAreKept() throws Exception {
        setXattr("user.a", "1", 1);
        assertEquals(Errno.EEXIST, trySetXattr("user.a", "2", 1));
        setXattr("user.a", "3", 2);
        assertEquals(Errno.ENODATA, trySetXattr("user.b", "4", 2));
        assertEquals("3", getXattr("user.a"));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tclunk(50)));
        client.walk(2, 50);
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Txattrcreate(50, bytes("user.a"), 1, 4)));
    }

    @Test
    void extendedAttributeMustBeWrittenWhole() throws Exception {
        client.walk(2, 50);
        client.ok(new Tmessage.Txattrcreate(50, bytes("user.a"), 5, 0));
        assertEquals(Errno.EINVAL, client.error(NinePClient.writeMessage(50, 1, "x")));
        assertEquals(Errno.EINVAL, client.error(NinePClient.writeMessage(50, 0, "longer")));
        client.write(50, 0, "four");
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tclunk(50)));
        assertEquals("", getXattr(""));
    }

    @Test
    void extendedAttributeIsLimited() throws Exception {
        client.walk(2, 50);
        for (long size : new long[] {VirtualFileSystem.XATTR_BYTES_MAX + 1, 1L << 40, -1}) {
            assertEquals(Errno.ERANGE, client.error(new Tmessage.Txattrcreate(50, bytes("user.a"), size, 0)));
        }
        client.ok(new Tmessage.Txattrcreate(50, bytes("user.a"), VirtualFileSystem.XATTR_BYTES_MAX, 0));
        byte[] half = new byte[VirtualFileSystem.XATTR_BYTES_MAX / 2];
        client.ok(new Tmessage.Twrite(50, 0, Unpooled.wrappedBuffer(half)));
        client.ok(new Tmessage.Twrite(50, half.length, Unpooled.wrappedBuffer(half)));
        client.clunk(50);
        client.ok(new Tmessage.Txattrwalk(2, 51, bytes("user.a")));
        assertEquals(NinePClient.MSIZE - 11, client.read(51, 0, -1).length());
        assertArrayEquals(new byte[0], bytes(client.read(51, 65536, 10)));
        assertArrayEquals(new byte[0], bytes(client.read(51, -1, 10)));
    }

    @Test
    void extendedAttributesHeldByFidsHaveALimit() throws Exception {
        int fits = (int) (NinePSettings.XATTR_BYTES_MAX / VirtualFileSystem.XATTR_BYTES_MAX * 3 / 4);
        for (int i = 0; i <= fits; i++) {
            client.walk(2, 100 + i);
            Tmessage create = new Tmessage.Txattrcreate(100 + i, bytes("user.a"), VirtualFileSystem.XATTR_BYTES_MAX, 0);
            assertEquals(i < fits ? null : Errno.ENOMEM, client.error(create));
        }
        DirectClient other = fixture.root();
        other.walk(ROOT, 2, "f");
        other.walk(2, 3);
        assertEquals(
                null, other.error(new Tmessage.Txattrcreate(3, bytes("user.c"), VirtualFileSystem.XATTR_BYTES_MAX, 0)));
        assertEquals(Errno.EINVAL, other.error(new Tmessage.Tclunk(3)));
        setXattr("user.empty", "", 0);
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tclunk(100)));
        setXattr("user.b", "value", 0);
        assertEquals("value", getXattr("user.b"));
    }
}
