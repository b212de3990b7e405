// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateDirectoryTest {
    private static final int NOBODY = 65_534;

    @TempDir
    Path directory;

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static void chmod(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    /** Only root can change the owner of a file. */
    private static void giveAway(Path path) throws IOException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "only root can give a file away");
        Files.setAttribute(path, "unix:uid", NOBODY);
    }

    @Test
    void aDirectoryOfOurOwnBecomesPrivate() throws IOException {
        Path fresh = directory.resolve("fresh");
        PrivateDirectory.make(fresh);
        assertEquals("rwx------", mode(fresh));
        chmod(fresh, "rwxrwxrwx");
        PrivateDirectory.make(fresh);
        assertEquals("rwx------", mode(fresh));
    }

    @Test
    void aPlantedDirectoryOrLinkIsRefused() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), Files.createDirectory(directory.resolve("a")));
        assertThrows(FileSystemException.class, () -> PrivateDirectory.make(link));
        Path planted = Files.createDirectory(directory.resolve("planted"));
        giveAway(planted);
        assertThrows(FileSystemException.class, () -> PrivateDirectory.make(planted));
        assertThrows(FileSystemException.class, () -> PrivateDirectory.makeParent(planted));
    }

    @Test
    void otherUsersCannotWriteToTheOperatorsDirectory() throws IOException {
        Path named = directory.resolve("x/y");
        PrivateDirectory.makeParent(named);
        assertEquals("rwx------", mode(named));
        chmod(named, "rwxr-xr-x");
        PrivateDirectory.makeParent(named);
        assertEquals("rwxr-xr-x", mode(named), "nothing that is not ours to decide");
        chmod(named, "rwxrwxr-x");
        PrivateDirectory.makeParent(named);
        assertEquals("rwxr-xr-x", mode(named));
        Files.setAttribute(named, "unix:mode", 0041777);
        PrivateDirectory.makeParent(named);
        assertEquals(01777, (int) Files.getAttribute(named, "unix:mode") & 07777, "others cannot replace what is ours");
    }

    @Test
    void aPlantedLibraryIsReplaced() throws Exception {
        Path home = directory.resolve("native");
        NativeLibrary.load(home);
        Path library;
        try (var files = Files.list(home)) {
            library = files.findFirst().orElseThrow();
        }
        chmod(library, "rwxrwxrwx");
        assertFalse(PrivateDirectory.isOurFile(library));
        NativeLibrary.load(home);
        assertEquals("rw-------", mode(library));
        Path real = Files.move(library, directory.resolve("real"));
        Files.createSymbolicLink(library, real);
        NativeLibrary.load(home);
        assertTrue(PrivateDirectory.isOurFile(library));
        giveAway(library);
        NativeLibrary.load(home);
        assertTrue(PrivateDirectory.isOurFile(library));
    }

    @Test
    void unpackingThatAKillEndedLeavesNothingAfterAnHour() throws Exception {
        Path home = Files.createDirectory(directory.resolve("native"));
        Path killed = Files.createFile(home.resolve("rocksdb1.partial"));
        Path running = Files.createFile(home.resolve("rocksdb2.partial"));
        Files.setLastModifiedTime(killed, FileTime.from(Instant.now().minus(Duration.ofMinutes(61))));
        NativeLibrary.load(home);
        assertFalse(Files.exists(killed));
        assertTrue(Files.exists(running));
    }
}
