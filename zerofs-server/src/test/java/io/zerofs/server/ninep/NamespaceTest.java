// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;
import static io.zerofs.server.client.NinePClient.walkMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Qid;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Walk, clunk, remove, directories, links and renames. */
class NamespaceTest {
    @AutoClose
    private final NinePFixture fixture = new NinePFixture();

    private DirectClient client;

    @BeforeEach
    void open() throws Exception {
        client = fixture.root();
    }

    private void mkdir(int fid, String name) throws Exception {
        client.ok(new Tmessage.Tmkdir(fid, bytes(name), 0755, 0));
    }

    private void touch(String name) throws Exception {
        client.create(ROOT, 999, name, OpenFlags.READ_WRITE, 0644);
        client.clunk(999);
    }

    @Test
    void walkThatEndsEarlyReportsItsStepsAndMakesNoFid() throws Exception {
        mkdir(ROOT, "a");
        Rmessage.Rwalk partial = client.ok(Rmessage.Rwalk.class, walkMessage(ROOT, 5, "a", "no", "b"));
        assertEquals(1, partial.qids().size());
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tclunk(5)));
        assertEquals(Errno.ENOENT, client.error(walkMessage(ROOT, 5, "no")));
    }

    @Test
    void walkInPlaceMovesTheFidOnlyWhenItArrives() throws Exception {
        mkdir(ROOT, "a");
        client.walk(ROOT, 1);
        client.ok(Rmessage.Rwalk.class, walkMessage(1, 1, "a", "no"));
        assertEquals(
                client.attributes(ROOT).qid().path(), client.attributes(1).qid().path());
        client.walk(1, 1, "a");
        assertNotEquals(
                client.attributes(ROOT).qid().path(), client.attributes(1).qid().path());
    }

    @Test
    void walkTakesSixteenNames() throws Exception {
        client.walk(ROOT, 1);
        for (int i = 0; i < 16; i++) {
            mkdir(1, "d");
            client.walk(1, 1, "d");
        }
        String[] names = new String[16];
        Arrays.fill(names, "d");
        client.walk(ROOT, 2, names);
        assertEquals(client.attributes(1).qid(), client.attributes(2).qid());
    }

    @Test
    void fidKeepsOneNameHoweverDeepItIs() throws Exception {
        String[] names = new String[16];
        Arrays.fill(names, "n".repeat(255));
        client.walk(ROOT, 1);
        int depth = 160;
        for (int i = 0; i < depth; i++) {
            mkdir(1, names[0]);
            client.walk(1, 1, names[0]);
        }
        long before = usedBytes();
        int fids = 2_000;
        for (int fid = 10; fid < 10 + fids; fid++) {
            client.walk(ROOT, fid, names);
            for (int i = names.length; i < depth; i += names.length) {
                client.walk(fid, fid, names);
            }
        }
        long each = (usedBytes() - before) / fids;
        assertTrue(each < 4_096, "a fid takes " + each + " bytes");
        client.ok(new Tmessage.Tremove(10));
        assertEquals(Errno.ENOENT, client.error(new Tmessage.Tremove(11)));
    }

    private static long usedBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void nameThatAWalkPassedIsKnownOnTheWayBack() throws Exception {
        mkdir(ROOT, "d");
        client.walk(ROOT, 1, "d");
        mkdir(1, "e");
        client.walk(ROOT, 2, "d", ".", "e", "..");
        assertEquals(Errno.ENOTEMPTY, client.error(new Tmessage.Tremove(2)));
        client.walk(ROOT, 2, "d", "e");
        client.walk(2, 3, "..");
        assertEquals(Errno.EBUSY, client.error(new Tmessage.Tremove(3)));
        client.ok(new Tmessage.Tremove(2));
    }

    @Test
    void walkToAFidInUseIsRefused() throws Exception {
        client.walk(ROOT, 1);
        assertEquals(Errno.EBADF, client.error(walkMessage(ROOT, 1)));
        assertEquals(Errno.EBADF, client.error(walkMessage(77, 2)));
        client.open(1, OpenFlags.READ_ONLY);
        assertEquals(Errno.EBADF, client.error(walkMessage(1, 1, "..")));
        client.walk(1, 2);
    }

    @Test
    void walkOnAFileOrWithABadNameIsRefused() throws Exception {
        touch("f");
        client.walk(ROOT, 1, "f");
        assertEquals(Errno.ENOTDIR, client.error(walkMessage(1, 2, "x")));
        assertEquals(Errno.EINVAL, client.error(walkMessage(ROOT, 2, "a/b")));
        assertEquals(Errno.EINVAL, client.error(walkMessage(ROOT, 2, "")));
        assertEquals(Errno.ENAMETOOLONG, client.error(walkMessage(ROOT, 2, "x".repeat(256))));
    }

    @Test
    void removeAlsoClunksEvenWhenItFails() throws Exception {
        mkdir(ROOT, "d");
        client.walk(ROOT, 1, "d");
        mkdir(1, "child");
        client.walk(1, 2, "child");
        assertEquals(Errno.ENOTEMPTY, client.error(new Tmessage.Tremove(1)));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tclunk(1)));
        client.ok(new Tmessage.Tremove(2));
        client.walk(ROOT, 1, "d");
        client.ok(new Tmessage.Tremove(1));
        assertEquals(Errno.ENOENT, client.error(walkMessage(ROOT, 1, "d")));
        client.walk(ROOT, 1);
        assertEquals(Errno.EBUSY, client.error(new Tmessage.Tremove(1)));
    }

    @Test
    void removeByAnOldNameTouchesNoOtherFile() throws Exception {
        touch("f");
        client.walk(ROOT, 1, "f");
        client.ok(new Tmessage.Trenameat(ROOT, bytes("f"), ROOT, bytes("g")));
        touch("f");
        assertEquals(Errno.ENOENT, client.error(new Tmessage.Tremove(1)));
        client.walk(ROOT, 1, "f");
        client.walk(ROOT, 2, "g");
    }

    @Test
    void renameByFidKeepsTheFid() throws Exception {
        touch("f");
        mkdir(ROOT, "d");
        client.walk(ROOT, 1, "f");
        client.walk(ROOT, 2, "d");
        client.ok(new Tmessage.Trename(1, 2, bytes("g")));
        client.walk(2, 3, "g");
        assertEquals(client.attributes(1).qid(), client.attributes(3).qid());
        client.ok(new Tmessage.Trename(1, ROOT, bytes("h")));
        client.walk(ROOT, 4, "h");
        client.walk(ROOT, 5);
        assertEquals(Errno.EBUSY, client.error(new Tmessage.Trename(5, ROOT, bytes("x"))));
    }

    @Test
    void unlinkTakesFilesAndWithTheFlagDirectories() throws Exception {
        touch("f");
        mkdir(ROOT, "d");
        assertEquals(Errno.EISDIR, client.error(new Tmessage.Tunlinkat(ROOT, bytes("d"), 0)));
        assertEquals(Errno.ENOTDIR, client.error(new Tmessage.Tunlinkat(ROOT, bytes("f"), 0x200)));
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tunlinkat(ROOT, bytes("f"), 0x100)));
        client.ok(new Tmessage.Tunlinkat(ROOT, bytes("f"), 0));
        client.ok(new Tmessage.Tunlinkat(ROOT, bytes("d"), 0x200));
        assertEquals(Errno.ENOENT, client.error(new Tmessage.Tunlinkat(ROOT, bytes("d"), 0x200)));
    }

    @Test
    void hardLinksAreOneFile() throws Exception {
        touch("f");
        client.walk(ROOT, 1, "f");
        client.ok(new Tmessage.Tlink(ROOT, 1, bytes("g")));
        client.walk(ROOT, 2, "g");
        assertEquals(client.attributes(1).qid(), client.attributes(2).qid());
        assertEquals(2, client.attributes(2).links());
        assertEquals(Errno.EEXIST, client.error(new Tmessage.Tlink(ROOT, 1, bytes("g"))));
        assertEquals(Errno.EPERM, client.error(new Tmessage.Tlink(ROOT, ROOT, bytes("h"))));
    }

    @Test
    void symlinkIsReadBack() throws Exception {
        Rmessage.Named made =
                client.ok(Rmessage.Named.class, new Tmessage.Tsymlink(ROOT, bytes("l"), bytes("/to/ü"), 7));
        assertEquals(Qid.SYMLINK, made.qid().type());
        client.walk(ROOT, 1, "l");
        assertArrayEquals(
                bytes("/to/ü"),
                client.ok(Rmessage.Rreadlink.class, new Tmessage.Treadlink(1)).target());
        assertEquals(0120777, client.attributes(1).mode());
        assertEquals(7, client.attributes(1).gid());
        assertEquals(Errno.ELOOP, client.error(new Tmessage.Tlopen(1, OpenFlags.READ_ONLY)));
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Treadlink(ROOT)));
        assertEquals(Errno.ENOENT, client.error(new Tmessage.Tsymlink(ROOT, bytes("m"), bytes(""), 0)));
        assertEquals(
                Errno.ENAMETOOLONG, client.error(new Tmessage.Tsymlink(ROOT, bytes("m"), bytes("x".repeat(4096)), 0)));
    }

    @Test
    void nodesOfAllKindsAreMade() throws Exception {
        for (int kind : new int[] {0010000, 0020000, 0060000, 0100000, 0140000}) {
            String name = "n" + kind;
            client.ok(new Tmessage.Tmknod(ROOT, bytes(name), kind | 0640, 300, 70000, 9));
            client.walk(ROOT, 1, name);
            Rmessage.Rgetattr made = client.attributes(1);
            assertEquals(kind | 0640, made.mode());
            boolean device = kind == 0020000 || kind == 0060000;
            // new_encode_dev: minor bits 0 to 7, major, the other bits of minor.
            assertEquals(device ? (70000 & 0xFF) | 300 << 8 | (70000 & ~0xFF) << 12 : 0, made.device());
            client.clunk(1);
        }
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tmknod(ROOT, bytes("d"), 0040755, 0, 0, 0)));
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Tmknod(ROOT, bytes("d"), 0170755, 0, 0, 0)));
    }

    @Test
    void listingIsWholeWithAnyReplySize() throws Exception {
        Set<String> expected = new TreeSet<>(List.of(".", ".."));
        for (int i = 0; i < 60; i++) {
            String name = "file-" + "x".repeat(i) + i;
            touch(name);
            expected.add(name);
        }
        client.walk(ROOT, 1);
        client.open(1, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY);
        for (int count : new int[] {100, 333, 4096, NinePClient.MSIZE, -1}) {
            List<String> seen = new ArrayList<>();
            long offset = 0;
            for (List<NinePClient.Entry> page = client.list(1, offset, count);
                    !page.isEmpty();
                    page = client.list(1, offset, count)) {
                page.forEach(entry -> seen.add(entry.name()));
                offset = page.get(page.size() - 1).offset();
            }
            assertEquals(expected.size(), seen.size());
            assertEquals(expected, new TreeSet<>(seen));
        }
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Treaddir(1, 0, 24)));
    }

    @Test
    void listingContinuesWhileTheDirectoryChanges() throws Exception {
        for (int i = 0; i < 40; i++) {
            touch("f" + i);
        }
        client.walk(ROOT, 1);
        client.open(1, OpenFlags.READ_ONLY);
        List<String> seen = new ArrayList<>();
        long offset = 0;
        for (List<NinePClient.Entry> page = client.list(1, offset, 90);
                !page.isEmpty();
                page = client.list(1, offset, 90)) {
            for (NinePClient.Entry entry : page) {
                seen.add(entry.name());
                if (entry.name().startsWith("f")) {
                    client.ok(new Tmessage.Tunlinkat(ROOT, bytes(entry.name()), 0));
                }
            }
            offset = page.get(page.size() - 1).offset();
        }
        assertEquals(42, seen.size());
        assertEquals(42, new TreeSet<>(seen).size());
        assertEquals(Errno.EINVAL, client.error(new Tmessage.Treaddir(1, -5, 4096)));
    }

    @Test
    void listingEndsWhileItsEntriesAreRenamedAndOthersCome() throws Exception {
        for (int i = 0; i < 40; i++) {
            touch("f" + i);
        }
        client.walk(ROOT, 1);
        client.open(1, OpenFlags.READ_ONLY);
        for (int round = 0; round < 2; round++) {
            int seen = 0;
            long offset = 0;
            for (List<NinePClient.Entry> page = client.list(1, offset, 90);
                    !page.isEmpty() && seen < 1000;
                    page = client.list(1, offset, 90)) {
                for (NinePClient.Entry entry : page) {
                    seen++;
                    offset = entry.offset();
                    touch("new" + round + "-" + seen);
                    if (!entry.name().startsWith(".")) {
                        String name = "renamed" + round + "-" + seen;
                        client.ok(new Tmessage.Trenameat(ROOT, bytes(entry.name()), ROOT, bytes(name)));
                    }
                }
            }
            assertEquals(round == 0 ? 42 : 84, seen);
        }
    }

    @Test
    void listingNeedsAnOpenDirectory() throws Exception {
        assertEquals(Errno.EBADF, client.error(new Tmessage.Treaddir(ROOT, 0, 4096)));
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        assertEquals(Errno.ENOTDIR, client.error(new Tmessage.Treaddir(1, 0, 4096)));
    }

    @Test
    void newNamesBelongToTheUserAndTheGroupOfTheMessage() throws Exception {
        client.ok(new Tmessage.Tmkdir(ROOT, bytes("t"), 01777, 0));
        DirectClient user = fixture.client(NinePFixture.UID);
        user.walk(ROOT, 1, "t");
        user.ok(new Tmessage.Tmkdir(1, bytes("d"), 0700, 55));
        user.walk(1, 2, "d");
        assertEquals(NinePFixture.UID, user.attributes(2).uid());
        assertEquals(55, user.attributes(2).gid());
        assertEquals(Errno.EACCES, user.error(new Tmessage.Tmkdir(ROOT, bytes("d"), 0700, 55)));
        DirectClient other = fixture.client(NinePFixture.UID + 1);
        other.walk(ROOT, 1, "t");
        other.walk(1, 2, "d");
        assertEquals(Errno.EACCES, other.error(walkMessage(2, 3, "x")));
        assertEquals(Errno.EPERM, other.error(new Tmessage.Tunlinkat(1, bytes("d"), 0x200)));
    }
}
