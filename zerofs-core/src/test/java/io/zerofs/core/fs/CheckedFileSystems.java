// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Opens the file systems of all tests. After each test it checks that the volumes of these file systems are consistent,
 * in the state that a crash or another opening left. A volume that is not in memory cannot be read after its end, so
 * the test itself checks it before, or reports its crash. JUnit finds the extension by itself, so no test can forget
 * it. {@code ci/tidy} finds a test that opens a file system in another way.
 */
public final class CheckedFileSystems implements BeforeAllCallback, AfterEachCallback {
    private static final List<Volume> OPENED = new ArrayList<>();
    private static boolean watching;

    /** Opens a file system as {@link ZeroFileSystem#open} does. */
    public static ZeroFileSystem open(Volume volume, FileSystemSettings settings, InstantSource clock)
            throws VolumeException {
        ZeroFileSystem files = ZeroFileSystem.open(volume, settings, clock);
        add(volume instanceof FaultyVolume faulty ? faulty.inner() : volume);
        return files;
    }

    /** Opens a file system with the settings and the clock of the program. */
    public static ZeroFileSystem open(Volume volume) throws VolumeException {
        return open(volume, FileSystemSettings.DEFAULTS, InstantSource.system());
    }

    /**
     * Opens a file system that is not checked.
     *
     * @param reason a sentence about the volume that the check would refuse
     */
    static ZeroFileSystem openUnchecked(Volume volume, String reason) throws VolumeException {
        if (reason.isBlank()) {
            throw new IllegalArgumentException("a file system without a check needs a reason");
        }
        return ZeroFileSystem.open(volume, FileSystemSettings.DEFAULTS, InstantSource.system());
    }

    /** Remembers the volume until the end of the test. Programs for trials, and Jazzer, have no such end. */
    private static synchronized void add(Volume volume) {
        if (watching && !OPENED.contains(volume)) {
            OPENED.add(volume);
        }
    }

    @Override
    public void beforeAll(ExtensionContext tests) {
        watch();
    }

    private static synchronized void watch() {
        watching = true;
    }

    @Override
    public void afterEach(ExtensionContext test) throws VolumeException {
        checkOpened();
    }

    /** Checks the volumes that were opened since the last call. */
    static synchronized void checkOpened() throws VolumeException {
        List<Volume> volumes = List.copyOf(OPENED);
        OPENED.clear();
        for (Volume volume : volumes) {
            if (!(volume instanceof MemoryVolume)) {
                throw new AssertionError("the test neither checked the volume before its end nor reported its crash");
            }
            check(volume);
        }
    }

    /** Forgets a volume that ended without a last barrier. The next opening shows what the crash left. */
    public static synchronized void crashed(Volume volume) {
        OPENED.remove(volume);
    }

    /** Fails if an operation that has ended still claims room of the quota. No operation runs meanwhile. */
    public static void checkClaims(ZeroFileSystem files) {
        if (!files.isSettled()) {
            throw new AssertionError(
                    "operations have ended, and their claims to the quota stay: " + files.statistics());
        }
    }

    /** Returns the problems of a volume, as fsck finds them. No thread may change the volume meanwhile. */
    public static List<String> problems(Volume volume) throws VolumeException {
        List<String> problems = new ArrayList<>();
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        try (ConsistencyChecker checker =
                new ConsistencyChecker(volume, scratch, problem -> problems.add(problem.toString()))) {
            checker.check();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return problems;
    }

    /**
     * Checks a volume now. No thread may change the volume meanwhile. A volume in memory is checked as a crash would
     * leave it.
     */
    public static void check(Volume volume) throws VolumeException {
        if (!(volume instanceof MemoryVolume)) {
            crashed(volume);
        }
        try {
            Barriers.await(volume.barrier());
        } catch (VolumeException e) {
            if (e.getCause() instanceof ExecutionException) {
                throw e;
            }
            // Closed or opened again: its last barrier counts.
        }
        Volume state = volume instanceof MemoryVolume memory ? memory.afterCrash() : volume;
        List<String> problems = problems(state);
        if (!problems.isEmpty()) {
            throw new AssertionError("the file system is inconsistent: " + problems);
        }
    }
}
