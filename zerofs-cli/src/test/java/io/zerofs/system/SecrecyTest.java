// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** No content, name or password is visible in the store, in logs or in the process list. */
@Tag("system")
class SecrecyTest {
    private static final Pattern SECRET = Pattern.compile("telltale|horse-battery");

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static Daemon daemon;
    private static String commandLine;

    @BeforeAll
    static void fill() throws Exception {
        daemon = SCRATCH.daemon("d")
                .password("correct-horse-battery-staple")
                .variable("ZEROFS_LOG", "debug")
                .start();
        List<String> content = IntStream.range(0, 20_000)
                .mapToObj(i -> "telltale-content-" + i)
                .toList();
        for (int i = 0; i < 20; i++) {
            Path file = Files.write(SCRATCH.path("telltale-name-" + i), content);
            daemon.nfs().put(file);
        }
        commandLine = Files.readString(Path.of("/proc/" + daemon.last().pid() + "/cmdline"))
                .replace('\0', ' ');
        daemon.stop();
    }

    private static List<Path> objects() throws IOException {
        try (Stream<Path> paths = Files.walk(SCRATCH.path("store"))) {
            return paths.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void noObjectShowsASecret() throws Exception {
        assertFalse(objects().isEmpty());
        for (Path object : objects()) {
            String bytes = Files.readString(object, StandardCharsets.ISO_8859_1);
            assertFalse(SECRET.matcher(bytes).find(), object::toString);
        }
    }

    @Test
    void noNameOfAnObjectShowsASecret() throws Exception {
        for (Path object : objects()) {
            assertFalse(SECRET.matcher(object.toString()).find(), object::toString);
        }
    }

    @Test
    void theLogShowsNoSecret() {
        assertEquals(
                "", daemon.log().lines().filter(SECRET.asPredicate()).limit(5).collect(Collectors.joining("\n")));
    }

    @Test
    void theProcessListShowsNoPassword() {
        assertFalse(SECRET.matcher(commandLine).find(), commandLine);
    }

    @Test
    void theCacheDirectoryOfTheVolumeIsPrivate() throws Exception {
        try (Stream<Path> entries = Files.list(daemon.cache())) {
            List<Path> volumes = entries.filter(Files::isDirectory)
                    .filter(path -> path.getFileName().toString().matches(".*-.*-.*-.*-.*"))
                    .toList();
            assertEquals(1, volumes.size());
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(volumes.get(0))));
        }
    }
}
