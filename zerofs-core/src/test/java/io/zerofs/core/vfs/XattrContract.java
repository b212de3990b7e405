// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** getxattr(2), setxattr(2), listxattr(2), removexattr(2), as xattr(7) says. */
public abstract class XattrContract extends VirtualFileSystemContract {
    @Test
    void anAttributeIsKeptByteForByte() throws Exception {
        InodeId f = file(top, "f");
        Timestamp now = clock.tick();
        byte[] value = {0, 1, (byte) 0xff};
        set(ROOT, f, "user.a", value);
        assertArrayEquals(value, get(ROOT, f, "user.a"));
        assertEquals(now, stat(f).changed());
        set(ROOT, f, "user.a", new byte[0]);
        assertArrayEquals(new byte[0], get(ROOT, f, "user.a"));
        assertEquals(List.of(name("user.a")), files.listXattrs(ROOT, f));
    }

    @Test
    void namesAreListedInByteOrder() throws Exception {
        InodeId f = file(top, "f");
        for (String name : new String[] {"user.b", "trusted.x", "user.a", "security.s"}) {
            set(ROOT, f, name, bytes("v"));
        }
        assertEquals(
                List.of(name("security.s"), name("trusted.x"), name("user.a"), name("user.b")),
                files.listXattrs(ROOT, f));
    }

    @Test
    void createNeedsAnAbsentNameAndReplaceAPresentOne() throws Exception {
        InodeId f = file(top, "f");
        assertFails(FsError.NO_ATTRIBUTE, () -> files.setXattr(ROOT, f, name("user.a"), bytes("1"), XattrMode.REPLACE));
        files.setXattr(ROOT, f, name("user.a"), bytes("1"), XattrMode.CREATE);
        assertFails(FsError.EXISTS, () -> files.setXattr(ROOT, f, name("user.a"), bytes("2"), XattrMode.CREATE));
        files.setXattr(ROOT, f, name("user.a"), bytes("3"), XattrMode.REPLACE);
        assertArrayEquals(bytes("3"), get(ROOT, f, "user.a"));
    }

    @Test
    void aRemovedAttributeIsGone() throws Exception {
        InodeId f = file(top, "f");
        assertFails(FsError.NO_ATTRIBUTE, () -> files.removeXattr(ROOT, f, name("user.a")));
        set(ROOT, f, "user.a", bytes("1"));
        set(ROOT, f, "user.b", bytes("1"));
        Timestamp now = clock.tick();
        files.removeXattr(ROOT, f, name("user.a"));
        assertEquals(now, stat(f).changed());
        assertFails(FsError.NO_ATTRIBUTE, () -> get(ROOT, f, "user.a"));
        assertFails(FsError.NO_ATTRIBUTE, () -> files.removeXattr(ROOT, f, name("user.a")));
        assertEquals(List.of(name("user.b")), files.listXattrs(ROOT, f));
    }

    @Test
    void valuesHaveUpTo64KiB() throws Exception {
        InodeId f = file(top, "f");
        set(ROOT, f, "user.a", filled(65_536, 1));
        assertArrayEquals(filled(65_536, 1), get(ROOT, f, "user.a"));
        assertFails(FsError.ATTRIBUTE_TOO_LARGE, () -> set(ROOT, f, "user.a", new byte[65_537]));
    }

    @Test
    void theListOfNamesHasUpTo64KiB() throws Exception {
        InodeId f = file(top, "f");
        String padding = "x".repeat(240);
        for (int i = 0; i < 256; i++) {
            set(ROOT, f, "user." + padding + (1_000_000_000 + i), new byte[0]);
        }
        assertFails(FsError.NO_SPACE, () -> set(ROOT, f, "user.one-more", new byte[0]));
        set(ROOT, f, "user." + padding + 1_000_000_000, bytes("replaced"));
        files.removeXattr(ROOT, f, name("user." + padding + 1_000_000_000));
        set(ROOT, f, "user.one-more", new byte[0]);
    }

    @Test
    void attributesGoWithTheirFile() throws Exception {
        InodeId f = file(top, "f");
        set(ROOT, f, "user.a", bytes("1"));
        unlink(ROOT, top, "f");
        assertFails(FsError.STALE, () -> get(ROOT, f, "user.a"));
        assertEquals(List.of(), files.listXattrs(ROOT, file(top, "f")));
    }

    @Test
    void userAttributesFollowThePermissionBits() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0644);
        set(ALICE, f, "user.a", bytes("1"));
        assertArrayEquals(bytes("1"), get(BOB, f, "user.a"));
        assertFails(FsError.ACCESS_DENIED, () -> set(BOB, f, "user.a", bytes("2")));
        assertFails(FsError.ACCESS_DENIED, () -> files.removeXattr(BOB, f, name("user.a")));
        chmod(ALICE, f, 0600);
        assertFails(FsError.ACCESS_DENIED, () -> get(BOB, f, "user.a"));
    }

    @Test
    void userAttributesAreForFilesAndDirectories() throws Exception {
        InodeId l = symlink(top, "l", "t");
        InodeId p = node(ROOT, top, "p", FileKind.FIFO);
        for (InodeId each : new InodeId[] {l, p}) {
            assertFails(FsError.NOT_PERMITTED, () -> set(ROOT, each, "user.a", bytes("1")));
            assertFails(FsError.NO_ATTRIBUTE, () -> get(ROOT, each, "user.a"));
        }
        set(ROOT, dir(top, "d"), "user.a", bytes("1"));
        set(ROOT, l, "trusted.a", bytes("1"));
    }

    @Test
    void inAStickyDirectoryUserAttributesAreTheOwners() throws Exception {
        InodeId d = dir(top, "d");
        chmod(ROOT, d, 01777);
        assertFails(FsError.NOT_PERMITTED, () -> set(BOB, d, "user.a", bytes("1")));
        chmod(ROOT, d, 0777);
        set(BOB, d, "user.a", bytes("1"));
    }

    @Test
    void trustedAttributesAreTheSuperusers() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0644);
        set(ROOT, f, "trusted.a", bytes("1"));
        set(ROOT, f, "user.a", bytes("1"));
        assertFails(FsError.NO_ATTRIBUTE, () -> get(ALICE, f, "trusted.a"));
        assertFails(FsError.NOT_PERMITTED, () -> set(ALICE, f, "trusted.a", bytes("2")));
        assertFails(FsError.NOT_PERMITTED, () -> files.removeXattr(ALICE, f, name("trusted.a")));
        assertEquals(List.of(name("user.a")), files.listXattrs(ALICE, f));
    }

    @Test
    void securityAttributesAreReadByAllAndWrittenByTheSuperuser() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0600);
        set(ROOT, f, "security.capability", bytes("1"));
        assertArrayEquals(bytes("1"), get(BOB, f, "security.capability"));
        assertFails(FsError.NOT_PERMITTED, () -> set(ALICE, f, "security.x", bytes("1")));
    }

    @Test
    void accessControlListsAreKeptForTheOwner() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0644);
        set(ALICE, f, "system.posix_acl_access", bytes("acl"));
        assertArrayEquals(bytes("acl"), get(BOB, f, "system.posix_acl_access"));
        assertFails(FsError.NOT_PERMITTED, () -> set(BOB, f, "system.posix_acl_access", bytes("acl")));
        assertFails(FsError.ACCESS_DENIED, () -> set(ALICE, f, "system.posix_acl_default", bytes("acl")));
        set(ROOT, dir(top, "d"), "system.posix_acl_default", bytes("acl"));
    }

    @Test
    void otherNameSpacesAreNotSupported() throws Exception {
        InodeId f = file(top, "f");
        for (String name : new String[] {"x", "foo.bar", "system.other", "system.posix_acl_", "USER.a"}) {
            assertFails(FsError.NOT_SUPPORTED, () -> set(ROOT, f, name, bytes("1")));
            assertFails(FsError.NOT_SUPPORTED, () -> get(ROOT, f, name));
        }
        assertFails(FsError.INVALID, () -> set(ROOT, f, "user.", bytes("1")));
    }

    private void set(Credentials who, InodeId inode, String name, byte[] value) throws FsException {
        files.setXattr(who, inode, name(name), value, XattrMode.ANY);
    }

    private byte[] get(Credentials who, InodeId inode, String name) throws FsException {
        return files.getXattr(who, inode, name(name));
    }
}
