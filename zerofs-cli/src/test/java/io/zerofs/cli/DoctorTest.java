// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checks of {@code zerofs doctor}. */
final class DoctorTest {
    @TempDir
    private Path directory;

    private record Examined(ExitCode code, List<String> lines) {
        String line(String verdict, String subject) {
            String head = String.format("%-4s  %-12s ", verdict, subject);
            return lines.stream()
                    .filter(line -> line.startsWith(head))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no line " + head + " in " + lines));
        }
    }

    private Path file(String password, String more) throws Exception {
        return Files.writeString(directory.resolve("zerofs.toml"), """
                [cache]
                dir = "%1$s/cache"
                [storage]
                url = "file://%1$s/store"
                encryption_password = "%2$s"
                [servers.ninep]
                unix_socket = "%1$s/9p.sock"
                addresses = []
                %3$s
                """.formatted(directory, password, more));
    }

    private Examined examine(String password, boolean readOnly, String more) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Doctor doctor = new Doctor(
                new ConfigLoader(Environment.process()).load(file(password, more)),
                readOnly,
                new PrintStream(out, true, StandardCharsets.UTF_8));
        doctor.examine();
        return new Examined(
                doctor.code(), out.toString(StandardCharsets.UTF_8).lines().toList());
    }

    private void createVolume() throws Exception {
        try (OpeningLog progress = OpeningLog.start()) {
            Assembly.open(
                            new ConfigLoader(Environment.process()).load(file("right", "")),
                            true,
                            progress,
                            stopped -> {})
                    .close();
        }
    }

    private List<Path> storeFiles() throws Exception {
        try (Stream<Path> files = Files.walk(directory.resolve("store"))) {
            // The store makes the directory of the trials when it needs it.
            return files.filter(file -> !file.endsWith("probe")).sorted().toList();
        }
    }

    @Test
    void aPlaceWithoutAVolumeIsNoFailure() throws Exception {
        Examined examined = examine("right", false, "");
        assertEquals(ExitCode.OK, examined.code());
        examined.line("warn", "store");
        assertFalse(Files.exists(directory.resolve("store")), "the doctor made a store");
        assertFalse(Files.exists(directory.resolve("cache")), "the doctor made a cache directory");
        Files.createDirectory(directory.resolve("store"));
        assertTrue(examine("right", false, "").line("warn", "volume").contains("--create"));
    }

    @Test
    void aWorkingVolumeIsFoundAndNothingIsLeftBehind() throws Exception {
        createVolume();
        List<Path> before = storeFiles();
        Examined examined = examine("right", false, "");
        assertEquals(ExitCode.OK, examined.code());
        for (String subject : List.of("machine", "open files", "store", "volume", "writes", "throughput")) {
            examined.line("ok", subject);
        }
        assertTrue(examined.lines().stream().anyMatch(line -> line.endsWith(directory.resolve("9p.sock") + " /mnt")));
        assertEquals(
                before,
                storeFiles().stream().filter(path -> !path.endsWith("probe")).toList());
    }

    @Test
    void aReadOnlyExaminationSendsNoWrite() throws Exception {
        createVolume();
        Files.delete(directory.resolve("store/probe"));
        Examined examined = examine("right", true, "");
        examined.line("ok", "volume");
        assertFalse(examined.lines().stream().anyMatch(line -> line.contains("throughput")));
        assertFalse(Files.exists(directory.resolve("store/probe")), "the doctor wrote to the store");
    }

    @Test
    void eachFailureHasTheExitCodeOfAStartAndTheOtherChecksStillRun() throws Exception {
        createVolume();
        Examined examined = examine("wrong", true, "");
        assertEquals(ExitCode.WRONG_PASSWORD, examined.code());
        examined.line("FAIL", "volume");
        examined.line("ok", "store");
    }

    @Test
    void aTakenAddressIsNamed() throws Exception {
        Files.createDirectory(directory.resolve("store"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Examined examined = examine("right", true, "[servers.nfs]\nport = " + taken.getLocalPort());
            assertTrue(examined.line("warn", "nfs").contains("127.0.0.1:" + taken.getLocalPort()));
            assertTrue(examined.lines().stream()
                    .anyMatch(line -> line.contains("mount -t nfs") && line.contains("port=" + taken.getLocalPort())));
        }
    }

    @Test
    void commandsForAllAddressesUseLoopbackAndPathsAreWordsOfAShell() throws Exception {
        Path file = file("right", "[servers.nfs]\nhost = \"::\"\n[servers.nbd]\nunix_socket = \"/run/a b.sock\"");
        List<String> commands = MountCommands.of(
                new ConfigLoader(Environment.process()).load(file).servers());
        assertTrue(commands.get(0).endsWith(" 127.0.0.1:/ /mnt"), commands::toString);
        assertTrue(commands.get(3).contains("-unix '/run/a b.sock' /dev/nbd0"), commands::toString);
    }

    @Test
    void aTrialOfTheStoreDeletesItsObjects() throws Exception {
        try (ObjectStore store = new MemoryObjectStore()) {
            StoreTrial trial = StoreTrial.of(store);
            assertTrue(trial.upBytesPerSecond() > 0 && trial.downBytesPerSecond() > 0, trial::toString);
            assertEquals(List.of(), store.list("", "", 10));
        }
    }

    @Test
    void aMachineWithoutModulesAndProgramsIsToldTheirNames() throws Exception {
        LinuxClients bare = new LinuxClients(directory, "6.1.0-cloud");
        assertTrue(bare.missingForNfs().orElseThrow().contains("nfs-common"));
        assertTrue(bare.missingForNineP().orElseThrow().contains("module 9p;"));
        assertTrue(bare.missingForNbd().orElseThrow().contains("nbd-client"));
        Path modules = Files.createDirectories(directory.resolve("lib/modules/6.1.0"));
        Files.writeString(
                modules.resolve("modules.dep"),
                "kernel/fs/9p/9p.ko.xz: kernel/net/9p/9pnet.ko.xz\nkernel/net/9p/9pnet_fd.ko.xz:\n"
                        + "kernel/drivers/block/nbd.ko:\n");
        Files.writeString(modules.resolve("modules.builtin"), "kernel/fs/nfs/nfsv3.ko\n");
        for (String program : List.of("mount.nfs", "nbd-client")) {
            Path file = Files.createDirectories(directory.resolve("usr/sbin")).resolve(program);
            assertTrue(Files.createFile(file).toFile().setExecutable(true));
        }
        LinuxClients whole = new LinuxClients(directory, "6.1.0");
        assertTrue(whole.missingForNfs().isEmpty());
        assertTrue(whole.missingForNineP().isEmpty());
        assertTrue(whole.missingForNbd().isEmpty());
    }

    @Test
    void theScreenOfThePageHasTheLinesOfTheProgram() throws Exception {
        createVolume();
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        String screen = page.substring(page.indexOf("$ zerofs doctor"));
        screen = screen.substring(screen.indexOf('\n') + 1, screen.indexOf("```"));
        List<String> subjects = examine("right", false, "").lines().stream()
                .map(DoctorTest::subject)
                .toList();
        for (String line : screen.split("\n")) {
            assertTrue(subjects.contains(subject(line)), () -> "the program prints no line like " + line);
        }
    }

    private static String subject(String line) {
        return line.length() > 19 ? line.substring(6, 19).strip() : line;
    }
}
