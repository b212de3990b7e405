// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client in user space: files of many sizes in and out with nfs-cp, listed with nfs-ls. */
@Tag("system")
class LibnfsTest {
    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static Daemon daemon;

    @BeforeAll
    static void start() throws Exception {
        daemon = SCRATCH.daemon("d").start();
    }

    @AfterAll
    static void theDaemonStopsInOrder() throws Exception {
        daemon.stop();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 262_143, 262_144, 262_145, 1_048_576, 10_000_001})
    void fileComesBackAndIsListedWithItsSize(int size) throws Exception {
        Path file = SCRATCH.randomFile("file", size);
        daemon.nfs().put(file, "f" + size);
        daemon.nfs().assertHas("f" + size, file);
        String listed = " " + size + " f" + size;
        assertTrue(daemon.nfs().list().stream().anyMatch(line -> line.endsWith(listed)), () -> "no line" + listed);
    }

    @Test
    void copyOnTheServerHasTheSameBytes() throws Exception {
        Path file = SCRATCH.randomFile("original", 10_000_001);
        daemon.nfs().put(file, "original");
        Tool.NFS_CP.run(daemon.nfs().url("original"), daemon.nfs().url("copy"));
        daemon.nfs().assertHas("copy", file);
    }
}
