// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.cli.config.CacheConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class RunCommandTest {
    @TempDir
    Path directory;

    @Test
    void moreMemoryThanTheMachineHasIsRefused() {
        CacheConfig cache = new CacheConfig(directory, 10, 100);
        assertDoesNotThrow(() -> RunCommand.requireMemory(cache, 100_000_000_000L));
        ExitException refused =
                assertThrows(ExitException.class, () -> RunCommand.requireMemory(cache, 24_000_000_000L));
        assertEquals(ExitCode.CONFIG, refused.code());
        assertEquals(
                "[cache] memory_size_gb = 100.0 is more than the 24.0 GB of this machine or container",
                refused.getMessage());
    }

    private String run(String storage, String servers, String... options) throws IOException {
        Path file = Files.writeString(directory.resolve("z.toml"), """
                [cache]
                dir = "%1$s/cache"
                [storage]
                url = "file://%1$s/store"
                encryption_password = "p"
                %2$s
                %3$s
                """.formatted(directory, storage, servers));
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        List<String> command = new ArrayList<>(List.of("run", "-c", file.toString()));
        command.addAll(List.of(options));
        PrintStream print = new PrintStream(errors, true, StandardCharsets.UTF_8);
        ExitCode code = ExitCodeTest.codeOf(Main.execute(print, command.toArray(String[]::new)));
        return code + ": " + errors.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "create_before = 2001-01-01T00:00:00Z"})
    void whereThereIsNoVolumeTheCommandThatMakesOneIsNamed(String permission) throws IOException {
        assertEquals(
                "NO_VOLUME: zerofs: there is no volume at file://" + directory + "/store; to create one:"
                        + " zerofs run --create -c " + directory + "/z.toml\n",
                run(permission, "[servers.ninep]\naddresses = []\nunix_socket = \"" + directory + "/s\""));
    }

    @ParameterizedTest
    @CsvSource({
        "--create --read-only, --create and --read-only",
        "--create --follow, --create and --follow",
        "--snapshot a --follow, --follow and --snapshot",
        "--snapshot a --read-only, --read-only and --snapshot"
    })
    void contradictingOptionsAreRefused(String options, String named) throws IOException {
        assertEquals(
                "USAGE: zerofs: " + named + " contradict each other: use one\n",
                run("", "[servers.nfs]", options.split(" ")));
    }

    @Test
    void aDaemonThatWouldServeNothingIsRefused() throws IOException {
        assertEquals(
                "CONFIG: zerofs: no server is configured: add a section [servers.nfs], [servers.ninep] or [servers.nbd]\n",
                run("", "[servers.ninep]\naddresses = []\n[prometheus]"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run -c z",
                "run --config z --create",
                "run --java-flags --create -c z.toml",
                "run -c /a/b --java-flags"
            })
    void theUsualArgumentsMeanTheSameWithoutTheParser(String line) {
        String[] arguments = line.split(" ");
        RunCommand parsed = new RunCommand();
        new CommandLine(parsed).parseArgs(Arrays.copyOfRange(arguments, 1, arguments.length));
        RunCommand usual = RunCommand.ofUsual(arguments).orElseThrow();
        assertEquals(parsed.configuration.file(), usual.configuration.file());
        assertEquals(parsed.create, usual.create);
        assertEquals(parsed.javaFlags, usual.javaFlags);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "run",
                "run -c",
                "run -cz",
                "run -c=z",
                "run -c z -c z",
                "run -c z --create --create",
                "run -c --create",
                "run -c @z",
                "run @z",
                "run -c z --help",
                "run -c z more",
                "init -c z",
                "--create run -c z"
            })
    void otherArgumentsAreLeftToTheParser(String line) {
        assertEquals(Optional.empty(), RunCommand.ofUsual(line.split(" ")));
    }
}
