// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.access.ExportedFiles;
import io.zerofs.server.access.UserMapping;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.net.PeerUser;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Tmessage;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The access settings of 9P, and the users that the system reports. */
class NinePAccessTest {
    private static final int ROOT = 0;

    @AutoClose
    private final NinePFixture fixture = new NinePFixture();

    private static DirectClient connect(VirtualFileSystem files, UserMapping users, PeerUser peer) throws Exception {
        DirectClient client = new DirectClient(new NinePServer(files, NinePSettings.DEFAULT, users), peer);
        client.version(NinePClient.MSIZE);
        return client;
    }

    private static Tmessage.Tattach attach(int uid) {
        return attach("", "", uid);
    }

    private static Tmessage.Tattach attach(String user, String tree, int uid) {
        return new Tmessage.Tattach(ROOT, MessageHeader.NO_FID, user.getBytes(US_ASCII), tree.getBytes(US_ASCII), uid);
    }

    @Test
    void aLocalUserIsTheOneThatTheSystemReports() throws Exception {
        DirectClient user = connect(fixture.files(), UserMapping.NONE, new PeerUser(1000, 1000, false));
        assertEquals(Errno.EPERM, user.error(attach(0)));
        assertEquals(Errno.EPERM, user.error(attach(1001)));
        assertEquals(Errno.EPERM, user.error(attach("root", "", -1)));
        user.ok(attach(1000));
        user.close();
    }

    @Test
    void aLocalUserHasItsOwnGroupOnly() throws Exception {
        VirtualFileSystem files = fixture.files();
        files.setAttributes(Credentials.ROOT, files.root(), AttributeChange.ofMode(0777), DataAccess.CHECKED_NOW);
        files.create(new Credentials(0, 100), files.root(), FileName.of("f"), NewNode.file(0640));
        DirectClient user = connect(files, UserMapping.NONE, new PeerUser(1000, 1000, false));
        user.ok(attach(1000));
        user.walk(ROOT, 1, "f");
        assertEquals(Errno.EACCES, user.error(new Tmessage.Tlopen(1, OpenFlags.READ_ONLY)));
        user.ok(new Tmessage.Tmkdir(ROOT, "d".getBytes(US_ASCII), 0755, 100));
        user.walk(ROOT, 2, "d");
        assertEquals(1000, user.attributes(2).gid());
        user.close();
    }

    @Test
    void aUserWithTheRightToActForOthersMayAttachAsThem() throws Exception {
        DirectClient superuser = connect(fixture.files(), UserMapping.NONE, new PeerUser(0, 0, true));
        superuser.ok(attach(1000));
        superuser.close();
    }

    @Test
    void aSquashedRootIsNobodyAndItsGroupNobodys() throws Exception {
        fixture.files()
                .setAttributes(
                        Credentials.ROOT, fixture.files().root(), AttributeChange.ofMode(0777), DataAccess.CHECKED_NOW);
        DirectClient client = connect(fixture.files(), new UserMapping(UserMapping.Squash.ROOT, 7, 8), null);
        client.ok(attach(0));
        client.ok(new Tmessage.Tmkdir(ROOT, "d".getBytes(US_ASCII), 0755, 0));
        client.walk(ROOT, 2, "d");
        assertEquals(7, client.attributes(2).uid());
        assertEquals(8, client.attributes(2).gid());
        client.create(2, 1, "f", OpenFlags.READ_WRITE, 0644);
        assertEquals(7, client.attributes(1).uid());
        client.close();
    }

    @Test
    void aReadOnlyServerChangesNothing() throws Exception {
        InodeId root = fixture.files().root();
        fixture.files().create(Credentials.ROOT, root, FileName.of("f"), NewNode.file(0666));
        DirectClient client = connect(ExportedFiles.of(fixture.files(), "/", true), UserMapping.NONE, null);
        client.ok(attach(0));
        client.walk(ROOT, 1, "f");
        assertEquals(Errno.EROFS, client.error(new Tmessage.Tlopen(1, OpenFlags.READ_WRITE)));
        assertEquals(Errno.EROFS, client.error(new Tmessage.Tmkdir(ROOT, "d".getBytes(US_ASCII), 0755, 0)));
        assertEquals(Errno.EROFS, client.error(new Tmessage.Tunlinkat(ROOT, "f".getBytes(US_ASCII), 0)));
        client.open(1, OpenFlags.READ_ONLY);
        client.close();
    }

    @Test
    void aDirectoryThatIsServedIsTheRoot() throws Exception {
        VirtualFileSystem files = fixture.files();
        InodeId d = files.create(Credentials.ROOT, files.root(), FileName.of("d"), NewNode.directory(0755))
                .node()
                .id();
        files.create(Credentials.ROOT, d, FileName.of("inside"), NewNode.directory(0755));
        files.create(Credentials.ROOT, files.root(), FileName.of("outside"), NewNode.directory(0755));
        DirectClient client = connect(ExportedFiles.of(files, "/d", false), UserMapping.NONE, null);
        assertEquals(Errno.ENOENT, client.error(attach("", "outside", 0)));
        client.ok(attach("", "inside/../..", 0));
        client.walk(ROOT, 9);
        client.open(9, OpenFlags.READ_ONLY);
        assertEquals(
                List.of(".", "..", "inside"),
                client.list(9, 0, 4096).stream().map(NinePClient.Entry::name).toList());
        client.close();
    }
}
