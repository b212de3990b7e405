// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.ExitCode;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.nbd.wire.NbdErrno;
import io.zerofs.server.nbd.wire.TransmissionFlag;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Tmessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon that only reads, beside the writer of the volume, with the same cache directory. */
@Tag("system")
class ReadOnlyTest {
    private static final int FILE_SIZE = 700_000;

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final int NINEP_PORT = Ports.free();
    private static final int NBD_PORT = Ports.free();
    private static Daemon writer;
    private static Daemon reader;
    private static Path content;
    private static List<String> stored;

    @BeforeAll
    static void startBoth() throws Exception {
        writer = SCRATCH.daemon("w")
                .with("[servers.nbd]\nport = %d", Ports.free())
                .start();
        content = SCRATCH.randomFile("content", FILE_SIZE);
        writer.nfs().put(content, "file");
        writer.nfs().put(content, ".nbd/disk");
        stored = objects();
        reader = SCRATCH.daemon("r")
                .with("[servers.ninep]\nport = %d\n[servers.nbd]\nport = %d", NINEP_PORT, NBD_PORT)
                .cache(writer.cache())
                .mode("--read-only")
                .start();
    }

    private static List<String> objects() throws IOException {
        try (Stream<Path> files = Files.walk(SCRATCH.path("store"))) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    @AfterAll
    static void bothStopInOrder() throws Exception {
        reader.stop();
        reader.assertNoWarnings();
        try (Stream<Path> left = Files.list(writer.cache())) {
            assertEquals(
                    List.of(),
                    left.filter(path -> path.getFileName().toString().startsWith("reader-"))
                            .toList());
        }
        writer.stop();
        writer.assertNoWarnings();
    }

    @Test
    void nfsReadsAndRefusesChanges() throws Exception {
        reader.nfs().assertHas("file", content);
        try (Nfs3Client client = Nfs3Client.alone(reader.nfsPort())) {
            byte[] root = client.mount("/");
            assertEquals(Nfs3Status.ROFS, client.status(Nfs3Client.createCall(root, "new")));
        }
    }

    @Test
    void ninepReadsAndRefusesChanges() throws Exception {
        try (NinePClient client = NinePSocket.alone(NINEP_PORT)) {
            client.begin(0);
            client.walk(NinePClient.ROOT, 1, "file");
            assertEquals(Errno.EROFS, client.error(new Tmessage.Tlopen(1, OpenFlags.WRITE_ONLY)));
            assertEquals(
                    Errno.EROFS, client.error(new Tmessage.Tunlinkat(NinePClient.ROOT, NinePClient.bytes("file"), 0)));
        }
    }

    @Test
    void nbdReadsAndRefusesChanges() throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), NBD_PORT);
        try (NbdClient client = NbdClient.connect(new ListenAddress.Tcp(address, Optional.empty()))) {
            client.go("disk");
            assertTrue((client.transmissionFlags & TransmissionFlag.READ_ONLY.mask()) != 0);
            assertArrayEquals(Arrays.copyOf(Files.readAllBytes(content), 512), client.read(0, 512));
            assertEquals(NbdErrno.EPERM.code(), client.write(0, new byte[512]));
        }
    }

    @Test
    void theWriterContinuesAndTheStateStays() throws Exception {
        writer.nfs().put(content, "later");
        assertTrue(writer.last().runs());
        assertTrue(reader.nfs().list().stream().noneMatch(line -> line.endsWith("later")));
        assertTrue(objects().containsAll(stored), stored::toString);
    }

    @Test
    void anAbsentSnapshotIsReported() throws Exception {
        Command.Result result =
                SCRATCH.daemon("s").command("run", "--snapshot", "none").result();
        assertEquals(ExitCode.NO_SNAPSHOT.status(), result.status(), result::toString);
    }

    @Test
    void aVolumeIsNotCreatedForReading() throws Exception {
        Daemon absent =
                SCRATCH.daemon("absent").store(SCRATCH.path("absent-store")).mode("--read-only");
        absent.launch();
        assertTrue(absent.end() != 0);
        assertTrue(Files.notExists(SCRATCH.path("absent-store")));
    }
}
