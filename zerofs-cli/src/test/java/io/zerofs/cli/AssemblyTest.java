// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.cli.config.CacheConfig;
import io.zerofs.cli.config.StoreLocation;
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
}
