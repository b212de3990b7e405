// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of {@code zerofs bench}. */
final class BenchTest {
    @TempDir
    private Path directory;

    private RunningDaemon.Ended bench(String... words) throws Exception {
        // No daemon runs: only its configuration is needed.
        try (RunningDaemon daemon = new RunningDaemon(directory, "")) {
            String text = Files.readString(daemon.file()).replace("${ZEROFS_NOT_SET}", "secret");
            Files.writeString(daemon.file(), text);
            return daemon.run(Stream.concat(Stream.of("bench", "-c", "zerofs.toml"), Stream.of(words))
                    .toArray(String[]::new));
        }
    }

    private static List<String> works(List<String> lines) {
        return lines.stream().map(line -> line.split(" \\| ")[1]).toList();
    }

    @Test
    void theTableHasTheRowsOfThePageAndNothingIsLeftBehind() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("mount"));
        RunningDaemon.Ended ended = bench("--no-store", mount.toString());
        assertEquals(ExitCode.OK, ended.code(), ended.errors());
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        String screen = page.substring(page.indexOf("$ zerofs bench -c"));
        List<String> lines =
                screen.substring(0, screen.indexOf("```")).lines().skip(1).toList();
        assertEquals(works(lines), works(ended.lines()));
        assertFalse(Files.list(mount).findAny().isPresent(), "a file is left");
    }

    @Test
    void theStoreIsMeasuredAndItsObjectsAreDeleted() throws Exception {
        RunningDaemon.Ended ended = bench();
        assertEquals(ExitCode.OK, ended.code(), ended.errors());
        assertEquals(
                4,
                ended.lines().stream()
                        .filter(line -> line.startsWith("| file://"))
                        .count(),
                ended.out());
        try (Stream<Path> files = Files.walk(directory.resolve("store"))) {
            assertTrue(files.noneMatch(file -> file.getFileName().toString().contains("-small-")
                    || file.getFileName().toString().contains("-large-")));
        }
    }

    @Test
    void aDirectoryThatIsNotThereIsNamed() throws Exception {
        RunningDaemon.Ended ended =
                bench("--no-store", directory.resolve("none").toString());
        assertEquals(ExitCode.CONFIG, ended.code());
        assertTrue(ended.errors().contains("none"), ended.errors());
        assertEquals(ExitCode.USAGE, bench("--no-store").code());
    }
}
