// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.files.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A volume is what is in the store: neither the cache directory nor the place of the store matters. */
@Tag("system")
class CacheTest {
    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final List<Path> FILES = new ArrayList<>();
    private static Daemon daemon;
    private static List<String> listing;

    @BeforeAll
    static void fill() throws Exception {
        daemon = SCRATCH.daemon("d").start();
        for (int i = 1; i <= 4; i++) {
            Path file = SCRATCH.randomFile("f" + i, i * 700_001L);
            daemon.nfs().put(file);
            FILES.add(file);
        }
        listing = daemon.nfs().list();
        daemon.stop();
    }

    @Test
    void restartKeepsTheTree() throws Exception {
        assertOpensAsTheSameTree(daemon);
    }

    @Test
    void restartWithoutTheCacheDirectoryKeepsTheTree() throws Exception {
        Directories.delete(daemon.cache());
        assertOpensAsTheSameTree(daemon);
    }

    @Test
    void copyOfTheStoreOpensAsTheSameTree() throws Exception {
        Path store = SCRATCH.path("store");
        Scratch.copy(store, SCRATCH.path("elsewhere"));
        Path away = Files.move(store, SCRATCH.path("away"));
        try {
            assertOpensAsTheSameTree(SCRATCH.daemon("copy").store(SCRATCH.path("elsewhere")));
        } finally {
            Files.move(away, store);
        }
    }

    private static void assertOpensAsTheSameTree(Daemon each) throws InterruptedException, IOException {
        each.start();
        for (Path file : FILES) {
            each.nfs().assertHas(file);
        }
        assertEquals(listing, each.nfs().list());
        each.stop();
    }
}
