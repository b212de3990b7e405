// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.control.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots by commands, with a running daemon and of a volume at rest. */
class SnapshotCommandTest {
    @TempDir
    Path directory;

    private static void assertOk(RunningDaemon.Ended ended) {
        assertEquals(ExitCode.OK, ended.code(), ended::errors);
    }

    private static List<Object> names(RunningDaemon.Ended ended) {
        assertOk(ended);
        List<?> snapshots = (List<?>) Json.readObject(ended.out()).get("snapshots");
        return snapshots.stream()
                .<Object>map(each -> ((Map<?, ?>) each).get("name"))
                .toList();
    }

    @Test
    void aRunningDaemonCreatesListsAndDeletes() throws Exception {
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start()) {
            assertEquals(
                    "no snapshots\n",
                    daemon.run("snapshot", "list", "-c", "zerofs.toml").out());
            assertOk(daemon.run("snapshot", "create", "-c", "zerofs.toml", "a"));
            assertOk(daemon.run("snapshot", "create", "-c", "zerofs.toml", "b", "--json"));
            assertEquals(List.of("a", "b"), names(daemon.run("snapshot", "list", "-c", "zerofs.toml", "--json")));
            RunningDaemon.Ended again = daemon.run("snapshot", "create", "-c", "zerofs.toml", "a");
            assertEquals(ExitCode.REFUSED, again.code());
            assertTrue(again.errors().contains("with the name a exists already"), again.errors());
            assertOk(daemon.run("snapshot", "show", "-c", "zerofs.toml", "a"));
            assertOk(daemon.run("snapshot", "delete", "-c", "zerofs.toml", "a"));
            assertEquals(
                    ExitCode.NO_SNAPSHOT,
                    daemon.run("snapshot", "show", "-c", "zerofs.toml", "a").code());
            assertEquals(
                    ExitCode.REFUSED,
                    daemon.run("snapshot", "delete", "-c", "zerofs.toml", "a").code());
            assertEquals(List.of("b"), names(daemon.run("snapshot", "list", "-c", "zerofs.toml", "--json")));
            RunningDaemon.Ended claim = daemon.run("snapshot", "create", "-c", withPassword(daemon), "c", "--claim");
            assertEquals(ExitCode.CACHE_LOCKED, claim.code(), claim::errors);
        }
    }

    @Test
    void aVolumeAtRestIsListedWithoutAClaimAndChangedWithOne() throws Exception {
        RunningDaemon daemon = new RunningDaemon(directory, "").start();
        daemon.close();
        String file = withPassword(daemon);
        RunningDaemon.Ended unclaimed = daemon.run("snapshot", "create", "-c", file, "a");
        assertEquals(ExitCode.NO_DAEMON, unclaimed.code());
        assertTrue(unclaimed.errors().contains("--claim"), unclaimed::errors);
        assertOk(daemon.run("snapshot", "create", "-c", file, "a", "--claim"));
        assertEquals(
                ExitCode.REFUSED,
                daemon.run("snapshot", "create", "-c", file, "a", "--claim").code());
        List<Path> before = manifests();
        assertEquals(List.of("a"), names(daemon.run("snapshot", "list", "-c", file, "--json")));
        assertEquals(before, manifests());
        assertEquals(
                ExitCode.USAGE,
                daemon.run("snapshot", "create", "-c", file, "a/b", "--claim").code());
        assertOk(daemon.run("snapshot", "delete", "-c", file, "a", "--claim"));
        assertEquals(
                ExitCode.NO_SNAPSHOT,
                daemon.run("snapshot", "delete", "-c", file, "a", "--claim").code());
    }

    private List<Path> manifests() throws Exception {
        try (var files = Files.list(directory.resolve("store/manifests"))) {
            return files.sorted().toList();
        }
    }

    /** Returns the daemon's configuration with its password. */
    private String withPassword(RunningDaemon daemon) throws Exception {
        Path file = directory.resolve("password.toml");
        Files.writeString(file, Files.readString(daemon.file()).replace("${ZEROFS_NOT_SET}", "secret"));
        return file.toString();
    }
}
