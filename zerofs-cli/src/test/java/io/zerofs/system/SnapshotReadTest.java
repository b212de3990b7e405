// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Tmessage;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files of a snapshot through {@code /.snapshots} and through a daemon of their own, with clients of NFS and 9P. */
@Tag("system")
class SnapshotReadTest {
    private static final int FILE_SIZE = 700_000;

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final int NINEP_PORT = Ports.free();

    @Test
    void filesAreAsTheyWereAlsoAfterARestart() throws Exception {
        Daemon daemon = SCRATCH.daemon("d")
                .with("[servers.ninep]\nport = %d", NINEP_PORT)
                .start();
        Path old = SCRATCH.randomFile("old", FILE_SIZE);
        daemon.nfs().put(old, "file");
        daemon.command("snapshot", "create", "first").run();
        try (Nfs3Client client = Nfs3Client.alone(daemon.nfsPort())) {
            client.remove(client.mount("/"), "file");
        }
        daemon.nfs().assertHas(".snapshots/first/file", old);
        assertTrue(daemon.nfs().list().stream().noneMatch(line -> line.contains("snapshots")));
        byte[] handle;
        try (Nfs3Client client = Nfs3Client.alone(daemon.nfsPort());
                NinePClient ninep = NinePSocket.alone(NINEP_PORT)) {
            Nfs3Result.LookupOk top =
                    client.lookup(client.lookup(client.mount("/"), ".snapshots").object(), "first");
            assertEquals(Nfs3Status.ROFS, client.status(Nfs3Client.createCall(top.object(), "new")));
            handle = client.lookup(top.object(), "file").object();
            ninep.begin(0);
            ninep.walk(NinePClient.ROOT, 1, ".snapshots", "first", "file");
            assertEquals(
                    Errno.EROFS,
                    ninep.error(new Tmessage.Tunlinkat(NinePClient.ROOT, NinePClient.bytes(".snapshots"), 0)));
            ninep.open(1, OpenFlags.READ_ONLY);
            assertEquals(1000, ninep.read(1, FILE_SIZE - 1000, 5000).length());
        }
        daemon.stop();
        daemon.start();
        try (Nfs3Client client = Nfs3Client.alone(daemon.nfsPort())) {
            assertEquals(1000, client.read(handle, FILE_SIZE - 1000, 5000).length);
        }
        Daemon reader = SCRATCH.daemon("r").mode("--snapshot=first").start();
        reader.nfs().assertHas("file", old);
        reader.stop();
        reader.assertNoWarnings();
        daemon.command("snapshot", "delete", "first").run();
        try (Nfs3Client client = Nfs3Client.alone(daemon.nfsPort())) {
            assertEquals(Nfs3Status.STALE, client.status(new Nfs3Call.GetAttr(handle)));
        }
        daemon.stop();
    }
}
