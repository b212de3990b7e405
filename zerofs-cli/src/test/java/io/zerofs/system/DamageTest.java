// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.ExitCode;
import io.zerofs.core.files.Directories;
import io.zerofs.core.random.Seeds;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random bytes are overwritten in one object of a volume after another. */
@Tag("system")
class DamageTest {
    private static final int FILES = 12;
    private static final int DAMAGED_BYTES = 16;

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final List<Path> CONTENTS = new ArrayList<>();
    private static Daemon daemon;

    @BeforeAll
    static void fill() throws Exception {
        daemon = SCRATCH.daemon("d").start();
        for (int i = 0; i < FILES; i++) {
            CONTENTS.add(SCRATCH.randomFile("f" + i, (i + 1) * 150_000L));
            daemon.nfs().put(CONTENTS.get(i), "f" + i);
        }
        daemon.stop();
        Scratch.copy(SCRATCH.path("store"), SCRATCH.path("sound"));
    }

    private static List<String> objects() throws IOException {
        Path sound = SCRATCH.path("sound");
        try (Stream<Path> paths = Files.walk(sound)) {
            return paths.filter(path ->
                            Files.isRegularFile(path) && !path.toString().endsWith(".tmp"))
                    .map(path -> sound.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    /** Everything else is unchanged, and the daemon returns no wrong byte. */
    @ParameterizedTest
    @MethodSource("objects")
    void messageNamesTheDamagedObjectAndOnlyItsBytesAreRefused(String object) throws Exception {
        Directories.delete(SCRATCH.path("store"));
        Directories.delete(daemon.cache());
        Scratch.copy(SCRATCH.path("sound"), SCRATCH.path("store"));
        Seeds.run(seed -> {
            damage(SCRATCH.path("store").resolve(object), new Random(seed));
            if (!daemon.startsOrEnds()) {
                assertEquals(ExitCode.DAMAGED.status(), daemon.end());
                assertNames(object);
                return;
            }
            int refused = 0;
            for (int i = 0; i < FILES; i++) {
                refused += daemon.nfs().fetchUnlessRefused("f" + i, CONTENTS.get(i)) ? 0 : 1;
            }
            if (refused > 0) {
                assertNames(object);
                assertTrue(refused < FILES, "more than the bytes of the object are lost");
            }
            System.out.println(object + ": " + refused + " of " + FILES + " files refused");
            daemon.stop();
        });
    }

    private static void assertNames(String object) {
        assertTrue(daemon.last().said(Pattern.quote(object)), () -> "the log does not name " + object);
    }

    private static void damage(Path object, Random random) throws IOException {
        byte[] bytes = new byte[DAMAGED_BYTES];
        random.nextBytes(bytes);
        try (RandomAccessFile file = new RandomAccessFile(object.toFile(), "rw")) {
            file.seek(random.nextInt((int) Math.max(1, file.length() - DAMAGED_BYTES)));
            file.write(bytes);
        }
    }
}
