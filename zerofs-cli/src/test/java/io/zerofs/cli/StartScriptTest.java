// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.CacheConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The start script, with a Java that only prints its flags: heap and direct memory fit the configuration. */
class StartScriptTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            quoteCharacter = '`',
            value = {
                "memory_size_gb = 4.0|4",
                "memory_size_gb=4|4",
                "memory_size_gb\t=\t4.0|4",
                "  memory_size_gb   =   4.0   # of 8|4",
                "'memory_size_gb' = 4.0|4",
                "\"memory_size_gb\" = 4.0 # memory_size_gb = 1.0|4",
                "memory_size_gb = +4.0|4",
                "memory_size_gb = 1e1|10",
                "memory_size_gb = 1.0E+1|10",
                "memory_size_gb = 25e-2|0.25",
                "memory_size_gb = 1_0.0|10",
                "# memory_size_gb = 9.0|0.25",
                "disk_size_gb = 9.0 # memory_size_gb = 9.0|0.25",
                "memory_size_gb = 0.1|0.1",
                "|0.25",
            })
    void heapAndDirectMemoryFitTheConfiguration(String line, double gigabytes) throws Exception {
        String flags = start("[cache]\ndir = \"/var/cache#1\"\n" + (line == null ? "" : line) + "\n", "");
        CacheConfig cache = new CacheConfig(directory, 10, gigabytes);
        long heap = mebibytes(flags, "-Xmx");
        long direct = mebibytes(flags, "-XX:MaxDirectMemorySize=");
        assertDoesNotThrow(() -> RunCommand.requireHeap(cache, heap * MIB, direct * MIB));
        assertEquals(224 + Math.round(gigabytes * 1000) * 5 / 8, heap);
    }

    /** The script looks for it in a list of classes, to find out whether that run has served a client. */
    @Test
    void theClassThatTheScriptLooksForIsThere() throws IOException, ClassNotFoundException {
        Matcher named = Pattern.compile("io/zerofs/[a-z/]+/[A-Z]\\w+")
                .matcher(Files.readString(Path.of("src", "main", "stub", "zerofs.sh")));
        assertTrue(named.find());
        Class.forName(named.group().replace('/', '.'));
    }

    @Test
    void flagsOfTheUsersOwnCountLast() throws Exception {
        String flags = start("[cache]\nmemory_size_gb = 4\n", "-Xmx9m");
        assertEquals("-Xmx9m", flags.substring(flags.lastIndexOf("-Xmx")).split(" ")[0]);
    }

    @Test
    void aHeapThatDoesNotFitIsRefusedWithTheFlagsThatDo() {
        CacheConfig cache = new CacheConfig(directory, 10, 4);
        ExitException refused =
                assertThrows(ExitException.class, () -> RunCommand.requireHeap(cache, 380 * MIB, 1000 * MIB));
        assertEquals(ExitCode.CONFIG, refused.code());
        assertEquals(
                "[cache] memory_size_gb = 4.0 needs 2513 MiB of Java heap and 320 MiB of direct memory, and Java has 380 and"
                        + " 1000: write the key on a line of its own as memory_size_gb = 4.0, or set"
                        + " ZEROFS_JAVA_OPTS=\"-Xmx2513m -XX:MaxDirectMemorySize=320m\"",
                refused.getMessage());
        assertThrows(ExitException.class, () -> RunCommand.requireHeap(cache, 3000 * MIB, 300 * MIB));
        assertDoesNotThrow(() -> RunCommand.requireHeap(cache, 2513 * MIB, 320 * MIB));
    }

    private static long mebibytes(String flags, String flag) {
        Matcher matcher = Pattern.compile(Pattern.quote(flag) + "([0-9]+)m").matcher(flags);
        assertEquals(true, matcher.find(), flags);
        return Long.parseLong(matcher.group(1));
    }

    private String start(String config, String options) throws IOException, InterruptedException {
        Path file = Files.writeString(directory.resolve("z.toml"), config);
        Path java = Files.writeString(directory.resolve("java"), "#!/bin/sh\necho \"$@\"\n");
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
        Path script = Path.of("src", "main", "stub", "zerofs.sh").toAbsolutePath();
        ProcessBuilder builder = new ProcessBuilder(List.of("sh", script.toString(), "run", "-c", file.toString()))
                .redirectErrorStream(true);
        builder.environment().put("ZEROFS_JAVA", java.toString());
        builder.environment().put("ZEROFS_JAVA_OPTS", options);
        builder.environment().put("TMPDIR", directory.toString());
        builder.environment().put("XDG_CACHE_HOME", directory.toString());
        Process process = builder.start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), told);
        return told;
    }
}
