// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.zerofs.cli.config.CacheConfig;
import io.zerofs.cli.config.StoreLocation;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssemblyTest {
    @TempDir
    Path directory;

    @Test
    void aStoreOnTheFileSystemOfTheCacheIsNotKeptTwice() {
        CacheConfig cache = new CacheConfig(directory.resolve("cache"), 10, 0.25);
        assertEquals(0, Assembly.disk(cache, new StoreLocation.Local(directory)).cacheBytes());
        assertEquals(
                cache.diskBytes(),
                Assembly.disk(cache, new StoreLocation.Local(Path.of("/proc/self")))
                        .cacheBytes());
        assertEquals(
                cache.diskBytes(),
                Assembly.disk(cache, new StoreLocation.S3("bucket", "prefix")).cacheBytes());
    }

    /** Otherwise the memory of the key's derivation would stay in the heap. */
    @Test
    void anOpenDaemonHasCollectedTheWholeHeap() throws Exception {
        WeakReference<byte[]> old = old();
        try (RunningDaemon daemon = new RunningDaemon(directory, "")) {
            daemon.start();
            assertNull(old.get());
        }
    }

    /** Returns garbage that young collections do not reach. */
    private static WeakReference<byte[]> old() {
        byte[] bytes = new byte[1 << 10];
        System.gc();
        Reference.reachabilityFence(bytes);
        return new WeakReference<>(bytes);
    }
}
