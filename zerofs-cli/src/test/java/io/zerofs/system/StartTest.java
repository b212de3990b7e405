// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.ExitCode;
import io.zerofs.core.files.Directories;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The archive of classes for faster starts: the second start makes it, and the third maps it. Damage to the archive or its
 * directory has no visible effect. Wrong flags for Java that an earlier start kept are corrected.
 */
@Tag("system")
class StartTest {
    /** Opens the file $0 as descriptor 9, which the daemon inherits. */
    private static final String WITH_OPEN_FILE = "exec 9>\"$0\" && exec \"$@\"";

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static Daemon daemon;
    private static Path archives;
    private static Path archive;
    private static Path whole;
    private static long listsAfterTheFirstStart;
    private static boolean jobKeepsTheOpenFile;
    private static List<Path> filesAfterTheJob;

    @BeforeAll
    static void makeTheArchive() throws Exception {
        Path home = Files.createDirectory(SCRATCH.path("home"));
        archives = home.resolve("zerofs-java");
        daemon = SCRATCH.daemon("a").store(SCRATCH.path("a.store")).variable("XDG_CACHE_HOME", home.toString());
        startAndServe(daemon);
        daemon.stop();
        listsAfterTheFirstStart = count(".classes");
        Daemon other = SCRATCH.daemon("b").store(SCRATCH.path("b.store")).variable("XDG_CACHE_HOME", home.toString());
        daemon.launch("bash", "-c", WITH_OPEN_FILE, SCRATCH.path("lock"));
        other.launch("bash", "-c", WITH_OPEN_FILE, SCRATCH.path("lock"));
        assertServesAndSaysNothingUnusual(daemon);
        assertServesAndSaysNothingUnusual(other);
        await().atMost(Daemon.START_MAX).pollInterval(Duration.ofMillis(200)).until(() -> {
            jobKeepsTheOpenFile |= Running.processesWith("-Xshare:dump", archives.toString())
                    .anyMatch(job -> Files.exists(Path.of("/proc/" + job.pid() + "/fd/9")));
            return count(".jsa") == 1 && count(".list") == 0;
        });
        daemon.stop();
        other.stop();
        filesAfterTheJob = files();
        archive = filesAfterTheJob.stream()
                .filter(file -> file.toString().endsWith(".jsa"))
                .findFirst()
                .orElseThrow();
        whole = Files.copy(archive, SCRATCH.path("whole"));
    }

    private static List<Path> files() {
        try (Stream<Path> files = Files.list(archives)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long count(String suffix) {
        return files().stream().filter(file -> file.toString().endsWith(suffix)).count();
    }

    private static void startAndServe(Daemon each) throws Exception {
        each.launch();
        assertServesAndSaysNothingUnusual(each);
    }

    private static void assertServesAndSaysNothingUnusual(Daemon each) throws Exception {
        each.awaitReady();
        each.nfs().list();
        List<String> log = each.last().output().lines().toList();
        assertFalse(log.isEmpty());
        assertEquals(
                List.of(), log.stream().filter(line -> !line.contains(" INFO ")).toList());
    }

    @BeforeEach
    void archiveIsWhole() throws Exception {
        Directories.delete(archives);
        Files.setPosixFilePermissions(Files.createDirectory(archives), PosixFilePermissions.fromString("rwx------"));
        Files.copy(whole, archive, StandardCopyOption.COPY_ATTRIBUTES);
    }

    @Test
    void firstStartLeavesAListOfClasses() {
        assertEquals(1, listsAfterTheFirstStart);
    }

    @Test
    void jobThatMakesTheArchiveKeepsNoFileOfTheDaemonOpen() {
        assertFalse(jobKeepsTheOpenFile);
    }

    @Test
    void nothingButTheArchiveTheSaltAndTheFlagsOfTwoConfigurationsIsLeft() {
        assertEquals(4, filesAfterTheJob.size(), filesAfterTheJob::toString);
        assertEquals(
                2,
                filesAfterTheJob.stream()
                        .filter(file -> file.toString().endsWith(".flags"))
                        .count());
    }

    @Test
    void archiveIsMapped() throws Exception {
        startAndServe(daemon);
        String maps = Files.readString(Path.of("/proc/" + daemon.last().pid() + "/maps"));
        assertTrue(maps.contains(archive.toString()), maps);
        daemon.stop();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 6})
    void damageToTheArchiveIsInvisible(int eighths) throws Exception {
        byte[] noise = new byte[4096];
        ThreadLocalRandom.current().nextBytes(noise);
        try (RandomAccessFile file = new RandomAccessFile(archive.toFile(), "rw")) {
            file.seek(file.length() / 8 * eighths);
            file.write(noise);
        }
        startAndServe(daemon);
        daemon.stop();
    }

    @Test
    void halfAnArchiveIsInvisible() throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(archive.toFile(), "rw")) {
            file.setLength(file.length() / 2);
        }
        startAndServe(daemon);
        daemon.stop();
    }

    @Test
    void wrongFlagsForJavaAreCorrected() throws Exception {
        startAndServe(daemon);
        daemon.stop();
        Path flags = files().stream()
                .filter(file -> file.toString().endsWith(".flags"))
                .findFirst()
                .orElseThrow();
        String right = Files.readString(flags);
        Files.writeString(flags, "-Xmx100m\n");
        daemon.launch();
        assertEquals(ExitCode.OUT_OF_MEMORY.status(), daemon.end());
        assertTrue(
                daemon.last().said("kept wrong flags for Java; the next start corrects them"), daemon.last()::output);
        startAndServe(daemon);
        daemon.stop();
        assertEquals(right, Files.readString(flags));
    }

    @Test
    void fileInThePlaceOfTheDirectoryIsInvisible() throws Exception {
        Directories.delete(archives);
        Files.writeString(archives, "not a directory");
        startAndServe(daemon);
        daemon.stop();
    }

    @Test
    void daemonStartsWithoutAHome() throws Exception {
        Daemon homeless = SCRATCH.daemon("homeless")
                .store(SCRATCH.path("a.store"))
                .variable("HOME", "")
                .variable("XDG_CACHE_HOME", "");
        startAndServe(homeless);
        homeless.stop();
    }
}
