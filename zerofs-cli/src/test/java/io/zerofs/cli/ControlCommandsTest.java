// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.control.Json;
import io.zerofs.server.net.ListenAddress;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Commands to a daemon in this process, of an operator. The operator does not know the password. */
class ControlCommandsTest {
    @TempDir
    Path directory;

    private Path socket() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("cache"))) {
            return files.filter(each -> each.getFileName().toString().matches("control-[0-9a-f]{8}\\.sock"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void screensOfThePage() throws Exception {
        String page = Files.readString(Path.of("..", "docs", "commands.md"));
        List<String> compared = new ArrayList<>();
        String nbd = "[servers.nbd]\naddresses = []\nunix_socket = \"" + directory + "/nbd.sock\"";
        try (RunningDaemon daemon = new RunningDaemon(directory, nbd).start()) {
            Matcher screen = Pattern.compile("(?s)```\n(\\$ zerofs .*?)```\n").matcher(page);
            while (screen.find()) {
                for (String part : screen.group(1).substring(2).split("\n\\$ ")) {
                    String[] lines = part.split("\n");
                    String[] words = lines[0].substring("zerofs ".length()).split(" ");
                    RunningDaemon.Ended ended = daemon.run(words);
                    assertEquals(ExitCode.OK, ended.code(), () -> lines[0] + ": " + ended.errors());
                    assertEquals(
                            masked(List.of(lines).subList(1, lines.length)), masked(ended.lines()), () -> lines[0]);
                    compared.add(lines[0]);
                }
            }
        }
        assertTrue(compared.size() >= 8, compared::toString);
    }

    /** Returns lines in which numbers, names and paths of one run are replaced. */
    private static List<String> masked(List<String> lines) {
        return lines.stream()
                .map(line -> line.replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID")
                        .replaceAll("(file://)?/\\S+", "PATH")
                        .replaceAll("zerofs ([0-9.]+|development)", "zerofs VERSION")
                        .replaceAll("up .*", "up TIME")
                        .replaceAll(", the oldest for [^,]*", "")
                        .replaceAll("[0-9]+(\\.[0-9]+)?( [kMG]?B\\b)?", "N")
                        .replaceAll("not read|N % of N reads", "READS"))
                .toList();
    }

    @Test
    void onlyTheOwnerMayWriteToTheSocket() throws Exception {
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start()) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())));
            assertEquals(
                    ExitCode.OK,
                    daemon.run("status", "--socket", socket().toString()).code());
        }
    }

    @Test
    void statusInJsonHasWhatTheTextHas() throws Exception {
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start()) {
            Map<String, Object> status = Json.readObject(
                    daemon.run("status", "-c", "zerofs.toml", "--json").out());
            assertEquals(ProcessHandle.current().pid(), status.get("pid"));
            assertEquals(
                    "[{protocol=9p, address=" + directory + "/9p.sock}]",
                    status.get("endpoints").toString());
        }
    }

    @Test
    void statusHasTheClientsAndWhatTheDaemonKeepsForThem() throws Exception {
        String nbd = "[servers.nbd]\naddresses = []\nunix_socket = \"" + directory + "/nbd.sock\""
                + "\n[lsm]\nflush_interval_secs = 3600.0";
        try (RunningDaemon daemon = new RunningDaemon(directory, nbd).start();
                NinePSocket files = NinePSocket.connect(UnixDomainSocketAddress.of(directory.resolve("9p.sock")))) {
            files.begin(0);
            files.walk(NinePClient.ROOT, 1, ".nbd");
            files.create(1, 1, "disk", 2, 0644);
            files.write(1, (1 << 20) - 1, "x");
            Map<?, ?> writes = (Map<?, ?>) status(daemon).get("writes");
            assertTrue(((Number) writes.get("dirtyBytes")).longValue() > 0, writes::toString);
            assertTrue(((Number) writes.get("oldestSeconds")).doubleValue() >= 0, writes::toString);
            assertEquals(ExitCode.OK, daemon.run("flush", "-c", "zerofs.toml").code());
            assertEquals(0L, status(daemon).get("snapshots"));
            RunningDaemon.Ended made = daemon.run("snapshot", "create", "-c", "zerofs.toml", "first");
            assertEquals(ExitCode.OK, made.code(), made::errors);
            assertTrue(daemon.run("status", "-c", "zerofs.toml").out().contains("\n         1 snapshots\n"));
            writes = (Map<?, ?>) status(daemon).get("writes");
            assertEquals(0L, writes.get("dirtyBytes"), writes::toString);
            assertNull(writes.get("oldestSeconds"), writes::toString);
            try (NbdClient disk = NbdClient.connect(ListenAddress.unix(directory.resolve("nbd.sock")))) {
                disk.go("disk");
                disk.read(0, 10);
                Map<String, Object> status = status(daemon);
                assertEquals(2L, status.get("clientCount"));
                List<?> clients = (List<?>) status.get("clients");
                Map<?, ?> first = (Map<?, ?>) clients.get(0);
                assertEquals("9p", first.get("protocol"));
                assertTrue(((String) first.get("address")).matches("unix socket, user [0-9]+"), first::toString);
                assertTrue(((Number) first.get("fidBytes")).longValue() > 0, first::toString);
                Map<?, ?> second = (Map<?, ?>) clients.get(1);
                assertEquals("nbd", second.get("protocol"));
                assertEquals(List.of("disk"), second.get("devices"));
                String text = daemon.run("status", "-c", "zerofs.toml").out();
                assertTrue(text.contains(": 1 connections, 0 B in flight, 0 B of fids, 0 locks, device disk\n"), text);
            }
        }
    }

    private static Map<String, Object> status(RunningDaemon daemon) {
        RunningDaemon.Ended ended = daemon.run("status", "-c", "zerofs.toml", "--json");
        assertEquals(ExitCode.OK, ended.code(), ended::errors);
        return Json.readObject(ended.out());
    }

    @Test
    void watchShowsTheStateAgainWithRates() throws Exception {
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start()) {
            String text = daemon.run("status", "-c", "zerofs.toml", "--watch=0.1", "--count", "2")
                    .out();
            String[] screens = text.split("\n\n");
            assertEquals(2, screens.length, text);
            assertFalse(screens[0].contains("/s)"), text);
            assertTrue(screens[1].contains("B sent (0 B/s)"), text);
            assertEquals(
                    ExitCode.USAGE,
                    daemon.run("status", "-c", "zerofs.toml", "--watch=0").code());
        }
    }

    @Test
    void whyNoDaemonAnswersIsSaid() throws Exception {
        RunningDaemon daemon = new RunningDaemon(directory, "");
        assertFails(ExitCode.NO_DAEMON, "no daemon runs with this configuration: there is no control socket ", daemon);
        daemon.start();
        Path socket = socket();
        daemon.close();
        assertTrue(Files.notExists(socket));
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(socket));
        }
        assertFails(ExitCode.NO_DAEMON, "the control socket " + socket + " was left by another one", daemon);
        // The next daemon replaces it.
        try (RunningDaemon again = daemon.start()) {
            assertEquals(ExitCode.OK, again.run("flush", "-c", "zerofs.toml").code());
        }
        assertFails(
                ExitCode.NO_DAEMON,
                "the configuration turns commands off: [control] enabled",
                new RunningDaemon(directory, "[control]\nenabled = false"));
    }

    private static void assertFails(ExitCode code, String message, RunningDaemon daemon) {
        RunningDaemon.Ended ended = daemon.run("status", "-c", "zerofs.toml");
        assertEquals(code, ended.code(), ended::errors);
        assertTrue(ended.errors().contains(message), ended::errors);
    }

    @Test
    void aSocketThatCannotBeMadeDoesNotKeepTheDaemonFromServing() throws Exception {
        Files.writeString(directory.resolve("file"), "no socket");
        for (String place : List.of("file", "absent/socket")) {
            String control = "[control]\nunix_socket = \"" + directory.resolve(place) + "\"";
            try (RunningDaemon daemon = new RunningDaemon(directory, control).start()) {
                assertTrue(Files.exists(directory.resolve("9p.sock")));
                assertEquals(
                        ExitCode.NO_DAEMON,
                        daemon.run("status", "-c", "zerofs.toml").code());
            }
        }
        assertEquals("no socket", Files.readString(directory.resolve("file")));
    }

    @Test
    void aPathThatTheSystemDoesNotTakeIsAMistakeOfTheConfiguration() throws Exception {
        Path longest = directory.resolve("x".repeat(106 - directory.toString().length() - 1));
        try (RunningDaemon daemon =
                new RunningDaemon(directory, "[control]\nunix_socket = \"" + longest + "\"").start()) {
            assertEquals(ExitCode.OK, daemon.run("status", "-c", "zerofs.toml").code());
        }
        RunningDaemon daemon = new RunningDaemon(directory, "[control]\nunix_socket = \"" + longest + "x\"");
        assertFails(
                ExitCode.CONFIG,
                "[control] the path of the socket " + longest
                        + "x is too long: with its temporary name 107 bytes, and 106 are possible",
                daemon);
    }

    @Test
    void levelsOfTheLogChangeAndComeBack() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("io.zerofs.server.net");
        Level before = logger.getEffectiveLevel();
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start()) {
            assertEquals(
                    "io.zerofs.server.net trace\n",
                    daemon.run("log", "level", "-c", "zerofs.toml", "server.net", "trace")
                            .out());
            assertEquals(Level.TRACE, logger.getEffectiveLevel());
            assertNotEquals(before, logger.getEffectiveLevel());
            assertEquals(
                    "io.zerofs.server.net trace\n",
                    daemon.run("log", "level", "-c", "zerofs.toml").out());
            daemon.run("log", "level", "-c", "zerofs.toml", "server.net", "default");
            assertEquals(before, logger.getEffectiveLevel());
        }
    }

    @Test
    void wrongLevelsAndPackagesAreRefusedWithTheRightOnes() throws Exception {
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start()) {
            RunningDaemon.Ended level = daemon.run("log", "level", "-c", "zerofs.toml", "loud");
            assertEquals(ExitCode.REFUSED, level.code());
            assertEquals(
                    "zerofs: \"loud\" is not one of error, warn, info, debug, trace and default\n", level.errors());
            RunningDaemon.Ended name = daemon.run("log", "level", "-c", "zerofs.toml", "sever.net", "debug");
            assertEquals(ExitCode.REFUSED, name.code());
            assertTrue(name.errors().contains("nothing logs as io.zerofs.sever.net; packages are "), name::errors);
            assertTrue(name.errors().contains("server.net"), name::errors);
            assertFalse(name.errors().contains("amazon"), name::errors);
        }
    }
}
