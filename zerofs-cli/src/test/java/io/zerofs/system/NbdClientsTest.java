// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NBD with the clients that people have, over TCP and the unix socket: nbdinfo, nbdcopy, qemu-io, fio, nbdsh. */
@Tag("system")
class NbdClientsTest {
    private static final int ODD_SIZE = 10_000_001;
    private static final long DISK_SIZE = 64 << 20;
    private static final int HOLE_BEGIN = 3 << 20;
    private static final int HOLE_SIZE = 4 << 20;
    private static final int SCALE = Integer.parseInt(System.getenv().getOrDefault("SCALE", "1"));

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final int PORT = Ports.free();
    private static Daemon daemon;

    private enum Transport {
        TCP,
        UNIX;

        String uri(String device) {
            return switch (this) {
                case TCP -> "nbd://127.0.0.1:" + PORT + "/" + device;
                case UNIX -> "nbd+unix:///" + device + "?socket=" + SCRATCH.path("nbd.sock");
            };
        }
    }

    @BeforeAll
    static void start() throws Exception {
        daemon = SCRATCH.daemon("d")
                .with("[servers.nbd]\nport = %d\nunix_socket = \"%s\"", PORT, SCRATCH.path("nbd.sock"))
                .with("[gc]\nenabled = false")
                .start();
        for (Transport transport : Transport.values()) {
            device(daemon, "odd-" + transport, ODD_SIZE);
            device(daemon, "disk-" + transport, DISK_SIZE);
            device(daemon, "fio-" + transport, DISK_SIZE);
        }
        device(daemon, "empty", 0);
    }

    /** Puts a new file of zeros into the directory of the devices. */
    private static void device(Daemon owner, String name, long size) throws Exception {
        Path zeros = SCRATCH.path("zeros");
        try (RandomAccessFile file = new RandomAccessFile(zeros.toFile(), "rw")) {
            file.setLength(size);
        }
        owner.nfs().put(zeros, ".nbd/" + name);
    }

    @AfterAll
    static void theDaemonStopsInOrderAndLoggedNoWarning() throws Exception {
        daemon.stop();
        daemon.assertNoWarnings();
    }

    @ParameterizedTest
    @EnumSource
    void nbdinfoReportsTheAbilitiesOfADevice(Transport transport) throws Exception {
        String information = Tool.NBDINFO.run(transport.uri("odd-" + transport));
        for (String part : List.of(
                "export-size: " + ODD_SIZE,
                "is_rotational: false",
                "is_read_only: false",
                "can_cache: true",
                "can_df: true",
                "can_fast_zero: true",
                "can_flush: true",
                "can_fua: true",
                "can_multi_conn: true",
                "can_trim: true",
                "can_zero: true",
                "block_size_minimum: 1",
                "block_size_preferred: 4096",
                "block_size_maximum: 33554432",
                "base:allocation")) {
            assertTrue(information.contains(part), () -> "no \"" + part + "\" in\n" + information);
        }
        assertEquals(ODD_SIZE + "\n", Tool.NBDINFO.run("--size", transport.uri("odd-" + transport)));
        Tool.NBDINFO.run("--can", "connect", transport.uri("odd-" + transport));
    }

    @ParameterizedTest
    @EnumSource
    void nbdinfoListsEveryDevice(Transport transport) throws Exception {
        String list = Tool.NBDINFO.run("--list", transport.uri(""));
        for (String name : List.of("odd-TCP", "odd-UNIX", "disk-TCP", "fio-UNIX", "empty")) {
            assertTrue(list.contains("export=\"" + name + "\""), () -> "no \"" + name + "\" in\n" + list);
        }
    }

    @ParameterizedTest
    @EnumSource
    void deviceThatIsMissingIsRefusedWithASentence(Transport transport) throws Exception {
        Command.Result refused = Tool.NBDINFO.command(transport.uri("nothing")).result();
        assertNotEquals(0, refused.status());
        assertTrue(refused.output().contains("No such file or directory"), refused.output());
    }

    /** Several connections and requests in flight; the last, partial block counts too. */
    @ParameterizedTest
    @EnumSource
    void copyWithAHoleComesBackAndNfsShowsIt(Transport transport) throws Exception {
        String name = "odd-" + transport;
        Path source = SCRATCH.randomFile("source", ODD_SIZE);
        try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
            file.seek(HOLE_BEGIN);
            file.write(new byte[HOLE_SIZE]);
        }
        Tool.NBDCOPY.run("--connections=4", "--requests=16", "--flush", source, transport.uri(name));
        assertEquals(-1, Files.mismatch(source, copied(transport.uri(name))));
        assertEquals(
                List.of(
                        "0 %d 0 data".formatted(HOLE_BEGIN),
                        "%d %d 3 hole,zero".formatted(HOLE_BEGIN, HOLE_SIZE),
                        "%d %d 0 data".formatted(HOLE_BEGIN + HOLE_SIZE, ODD_SIZE - HOLE_BEGIN - HOLE_SIZE)),
                map(transport, name));
        daemon.nfs().assertHas(".nbd/" + name, source);
    }

    private static Path copied(String uri) throws Exception {
        Path back = SCRATCH.path("back");
        Files.deleteIfExists(back);
        Tool.NBDCOPY.run("--connections=4", uri, back);
        return back;
    }

    private static List<String> map(Transport transport, String name) throws Exception {
        return Tool.NBDINFO
                .run("--map", transport.uri(name))
                .lines()
                .map(line -> line.strip().replaceAll(" +", " "))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void qemuReadsUnalignedWritesWithAndWithoutFua(Transport transport) throws Exception {
        qemu(
                transport,
                "write -P 0xa5 0 1M",
                "write -f -P 0x5a 777 100001",
                "read -P 0x5a 777 100001",
                "read -P 0xa5 0 777",
                "read -P 0xa5 100778 100",
                "flush");
    }

    @ParameterizedTest
    @EnumSource
    void qemuReadsZerosAfterDiscardsAndZeroes(Transport transport) throws Exception {
        qemu(
                transport,
                "write -P 1 8M 4M",
                "discard 9M 1M",
                "read -P 0 9M 1M",
                "read -P 1 8M 1M",
                "read -P 1 10M 2M",
                "write -z 8M 65536",
                "write -z -u 11M 333",
                "read -P 0 8M 65536",
                "read -P 0 11M 333",
                "read -P 1 11534669 1000");
    }

    @ParameterizedTest
    @EnumSource
    void qemuReadsWritesThatWereInFlightAtOnce(Transport transport) throws Exception {
        qemu(
                transport,
                "aio_write -P 2 20M 1M",
                "aio_write -P 3 21M 1M",
                "aio_write -P 4 22M 1M",
                "aio_flush",
                "read -P 2 20M 1M",
                "read -P 3 21M 1M",
                "read -P 4 22M 1M");
    }

    private static void qemu(Transport transport, String... commands) throws Exception {
        String output = qemuCommand(transport, commands).run();
        assertFalse(
                Pattern.compile("failed|error|verification", Pattern.CASE_INSENSITIVE)
                        .matcher(output)
                        .find(),
                output);
    }

    private static Command qemuCommand(Transport transport, String... commands) throws InterruptedException {
        List<Object> words = new ArrayList<>(List.of("-f", "raw"));
        for (String each : commands) {
            words.addAll(List.of("-c", each));
        }
        words.add(transport.uri("disk-" + transport));
        return Tool.QEMU_IO.command(words.toArray());
    }

    @ParameterizedTest
    @EnumSource
    void writePastTheEndIsRefused(Transport transport) throws Exception {
        assertNotEquals(0, qemuCommand(transport, "write 64M 512").result().status());
    }

    /** Random I/O with a checksum in each block: four connections, sixteen requests in flight on each. */
    @ParameterizedTest
    @EnumSource
    void fioVerifiesItsRandomWrites(Transport transport) throws Exception {
        Tool.FIO
                .command(
                        "--name=verify",
                        "--ioengine=nbd",
                        "--uri=" + transport.uri("fio-" + transport),
                        "--rw=randwrite",
                        "--bsrange=4k-64k",
                        "--bs_unaligned=0",
                        "--iodepth=16",
                        "--numjobs=4",
                        "--size=" + 8 * SCALE + "m",
                        "--offset_increment=16m",
                        "--verify=crc32c",
                        "--verify_fatal=1",
                        "--randrepeat=0",
                        "--verify_state_save=0",
                        "--fsync=64",
                        "--minimal")
                .within(Duration.ofMinutes(3L * SCALE))
                .run();
    }

    /**
     * After CACHE the daemon reads everything with the store gone. It starts with nothing in memory or on the local disk.
     * The cache is on another file system than the store, because a near store is not cached on its own disk.
     */
    @Test
    void rangesThatAClientCachedAreReadWithoutTheStore() throws Exception {
        Path other = Path.of("/dev/shm");
        assumeTrue(isAnotherFileSystem(other), "needs a writable /dev/shm on a file system of its own");
        Path socket = SCRATCH.path("cold.sock");
        String uri = "nbd+unix:///cached?socket=" + socket;
        Daemon cold = SCRATCH.daemon("cold")
                .with("[servers.nbd]\naddresses = []\nunix_socket = \"%s\"", socket)
                .with("[gc]\nenabled = false")
                .store(SCRATCH.path("cold.store"))
                .start();
        Path source = SCRATCH.randomFile("cached", DISK_SIZE);
        device(cold, "cached", DISK_SIZE);
        Tool.NBDCOPY.run("--flush", source, uri);
        cold.stop();
        cold.cache(SCRATCH.anotherDirectory(other)).start();
        // The module belongs to the Python of the system, whichever other Python is first in the path.
        Tool.NBDSH
                .command(
                        "-u",
                        uri,
                        "-c",
                        "for offset in range(0, h.get_size(), 8 << 20): h.cache(8 << 20, offset)",
                        "-c",
                        "h.shutdown()")
                .with("PATH", "/usr/bin:" + System.getenv("PATH"))
                .run();
        Path commits = SCRATCH.path("cold.store/commits");
        Path away = Files.move(commits, SCRATCH.path("cold.store/commits.away"));
        try {
            assertEquals(-1, Files.mismatch(source, copied(uri)));
        } finally {
            // The daemon may have made new commits meanwhile.
            Scratch.copy(away.resolve("."), commits);
        }
        cold.stop();
        cold.assertNoWarnings();
    }

    private static boolean isAnotherFileSystem(Path directory) throws IOException {
        return Files.isWritable(directory)
                && !Files.getAttribute(directory, "unix:dev")
                        .equals(Files.getAttribute(SCRATCH.directory(), "unix:dev"));
    }
}
