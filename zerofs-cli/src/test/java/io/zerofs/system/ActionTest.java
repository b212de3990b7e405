// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Runs the GitHub Action as a runner calls it, with the defaults of action.yml. Stand-ins for the commands mount and
 * umount note their arguments, and libnfs replaces the mount.
 */
@Tag("system")
class ActionTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @RegisterExtension
    final Scratch scratch = new Scratch();

    private Path mounts;
    private Path runner;
    private Path output;
    private String action;

    @BeforeEach
    void makeRunner() throws Exception {
        Path bin = Files.createDirectory(scratch.path("bin"));
        runner = Files.createDirectory(scratch.path("runner"));
        output = scratch.path("output");
        mounts = Files.createFile(scratch.path("mounts"));
        action = Files.readString(ROOT.resolve("action.yml"));
        for (String command : List.of("mount", "umount", "mount.nfs")) {
            standIn(bin, command, "echo \"" + command + " $*\" >>\"" + mounts + "\"");
        }
        standIn(bin, "sudo", "exec \"$@\"");
    }

    private static void standIn(Path bin, String command, String line) throws IOException {
        Path script = Files.writeString(bin.resolve(command), "#!/bin/bash\n" + line + "\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** One step of a job with the action, and its outputs. */
    private record Use(int status, String log, Properties outputs) {
        Use succeeds() {
            assertEquals(0, status, log);
            return this;
        }

        Use isRefused(String sentence) {
            assertNotEquals(0, status, log);
            assertTrue(log.contains(sentence), log);
            return this;
        }

        String host() {
            return outputs.getProperty("nfs-endpoint").split(":")[0];
        }

        int port() {
            return Integer.parseInt(outputs.getProperty("nfs-endpoint").split(":")[1]);
        }
    }

    /** Runs a step whose volume is in the directory of that name. Inputs come as name and value in turn. */
    private Use use(String volume, String mountPath, String... inputs) throws Exception {
        Map<String, String> given = defaults();
        given.put("object-store-url", "file://" + scratch.path(volume));
        given.put("encryption-password", "action");
        given.put("mount-path", mountPath);
        for (int i = 0; i < inputs.length; i += 2) {
            given.put(inputs[i], inputs[i + 1]);
        }
        Files.deleteIfExists(output);
        Command.Result result = script("mount").with(environment(given)).result();
        Properties outputs = new Properties();
        if (Files.exists(output)) {
            outputs.load(Files.newBufferedReader(output));
        }
        return new Use(result.status(), result.output(), outputs);
    }

    private Command script(String name) {
        return Command.of(ROOT.resolve("ci/action").resolve(name))
                .with("PATH", scratch.path("bin") + ":" + System.getenv("PATH"))
                .with("RUNNER_TEMP", runner)
                .with("XDG_CACHE_HOME", Daemon.ARCHIVES)
                .with("GITHUB_OUTPUT", output);
    }

    private Command unmount(String mountPath) {
        return script("unmount").with("ZEROFS_MOUNT_PATH", mountPath);
    }

    /** Returns the defaults of all inputs, as the runner sets them. */
    private Map<String, String> defaults() {
        String inputs = action.substring(action.indexOf("\ninputs:"), action.indexOf("\noutputs:"));
        Map<String, String> defaults = new HashMap<>();
        for (MatchResult each : matches("^  ([a-z-]+):\\n((?:    .*\\n)*)", inputs)) {
            for (MatchResult value : matches("^    default: \"?([^\"\\n]*)\"?$", each.group(2))) {
                defaults.put(each.group(1), value.group(1));
            }
        }
        return defaults;
    }

    /** Returns the variables of the action's step. If an input is empty, another one may count instead. */
    private Map<String, String> environment(Map<String, String> given) {
        Map<String, String> environment = new HashMap<>();
        String line = "^ +(ZEROFS_[A-Z_]+): \\$\\{\\{ inputs\\.([a-z-]+)(?: \\|\\| inputs\\.([a-z-]+))? }}$";
        for (MatchResult each : matches(line, action)) {
            String value = given.getOrDefault(each.group(2), "");
            environment.put(
                    each.group(1),
                    value.isEmpty() && each.group(3) != null ? given.getOrDefault(each.group(3), "") : value);
        }
        return environment;
    }

    private static List<MatchResult> matches(String pattern, String text) {
        return Pattern.compile(pattern, Pattern.MULTILINE)
                .matcher(text)
                .results()
                .toList();
    }

    private NfsFiles files(Use use) {
        return new NfsFiles(scratch.directory(), use.host(), use.port());
    }

    private void assertNoted(String pattern) throws IOException {
        String noted = Files.readString(mounts);
        assertEquals(1, matches("^" + pattern + "$", noted).size(), noted);
    }

    @Test
    void usesSideBySideHaveFilesAndEndpointsOfTheirOwn() throws Exception {
        String first = scratch.path("mnt/a-b").toString();
        String second = scratch.path("mnt/a/b").toString();
        Use nfs = use("a", first, "protocol", "nfs", "memory-size-gb", "0.3").succeeds();
        Use ninep = use(
                        "b",
                        second,
                        "memory-cache-size-gb",
                        "0.25",
                        "cache-dir",
                        scratch.path("cache").toString(),
                        "nfs-host",
                        "127.0.0.2",
                        "nfs-port",
                        Ports.free() + "")
                .succeeds();
        assertEquals(first, nfs.outputs().getProperty("mount-path"));
        assertEquals("127.0.0.2", ninep.host());
        assertTrue(Files.isDirectory(scratch.path("cache")), "the disk cache is elsewhere");
        Path one = scratch.randomFile("one", 3_000_000);
        Path two = scratch.randomFile("two", 1000);
        files(nfs).put(one, "f");
        files(ninep).put(two, "f");
        files(nfs).assertHas("f", one);
        files(ninep).assertHas("f", two);
        unmount(second).run();
        unmount(first).run();
        assertNoted("mount -t nfs .*,port=" + nfs.port() + ",.* 127\\.0\\.0\\.1:/ " + first);
        assertNoted("mount -t 9p .* 127\\.0\\.0\\.1 " + second);
        assertNoted("umount " + first);
        assertNoted("umount " + second);
    }

    @Test
    void mountedDirectoryIsRefusedAndItsFirstUseContinues() throws Exception {
        Path file = scratch.randomFile("file", 1000);
        Use first =
                use("a", scratch.path("mnt/a-b").toString(), "protocol", "nfs").succeeds();
        files(first).put(file, "f");
        use("c", scratch.path("mnt") + "//a-b/").isRefused("is mounted by this action already");
        files(first).assertHas("f", file);
    }

    @Test
    void nextJobFindsTheFiles() throws Exception {
        String directory = scratch.path("mnt").toString();
        Path file = scratch.randomFile("file", 1000);
        files(use("a", directory).succeeds()).put(file, "f");
        unmount(directory).run();
        files(use("a", directory, "protocol", "nfs").succeeds()).assertHas("f", file);
    }

    @Test
    void unmountedDirectoryIsNotUnmountedAgain() throws Exception {
        String directory = scratch.path("mnt").toString();
        use("a", directory).succeeds();
        unmount(directory).run();
        assertNotEquals(0, unmount(directory).result().status());
    }

    @Test
    void daemonEndsIfTheMountFails() throws Exception {
        standIn(scratch.path("bin"), "mount", "exit 32");
        assertNotEquals(0, use("a", scratch.path("mnt").toString()).status());
        try (Stream<Path> states = Files.list(runner)) {
            assertTrue(states.noneMatch(state -> Files.exists(state.resolve("d.pid"))));
        }
    }
}
