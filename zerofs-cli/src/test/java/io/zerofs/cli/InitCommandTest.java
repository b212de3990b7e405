// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.StorageConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitCommandTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    private ExitCode zerofs(String... arguments) {
        int status = Main.execute(new PrintStream(errors, true, StandardCharsets.UTF_8), arguments);
        return ExitCodeTest.codeOf(status);
    }

    @Test
    void writesAFileThatOnlyItsOwnerMayRead() throws IOException {
        Path file = directory.resolve("z.toml");
        assertEquals(ExitCode.OK, zerofs("init", file.toString()));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void overwritesOnlyWhenForced() throws IOException {
        Path file = Files.writeString(directory.resolve("z.toml"), "mine");
        assertEquals(ExitCode.CONFIG, zerofs("init", file.toString()));
        assertEquals("mine", Files.readString(file));
        assertEquals("zerofs: " + file + " exists; --force overwrites it\n", errors.toString(StandardCharsets.UTF_8));
        assertEquals(ExitCode.OK, zerofs("init", "--force", file.toString()));
        assertTrue(Files.readString(file).contains("\n[storage]\n"));
    }

    @Test
    void theFileLetsTheFirstRunCreateTheVolumeAndNoLaterOne() throws Exception {
        Path file = directory.resolve("z.toml");
        OffsetDateTime before = OffsetDateTime.now();
        assertEquals(ExitCode.OK, zerofs("init", file.toString()));
        StorageConfig storage = new ConfigLoader(name -> Optional.of(new byte[] {'/'}))
                .load(file)
                .storage();
        assertTrue(RunCommand.mayCreate(storage, before.toInstant()));
        assertFalse(RunCommand.mayCreate(storage, before.plusDays(2).toInstant()));
    }

    @Test
    void anArgumentThatLostACharacterIsRefused() {
        assertEquals(
                ExitCode.USAGE, zerofs("init", directory.resolve("\uFFFD.toml").toString()));
        assertTrue(errors.toString(StandardCharsets.UTF_8).endsWith("or no UTF-8; set LC_ALL=C.UTF-8\n"));
    }

    @Test
    void anUnknownCommandIsAUsageErrorInOneLine() {
        assertEquals(ExitCode.USAGE, zerofs("mount"));
        assertEquals(1, errors.toString(StandardCharsets.UTF_8).lines().count());
    }
}
