// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.CacheConfig;
import io.zerofs.cli.config.LinkConfig;
import io.zerofs.cli.config.ServersConfig;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.index.RocksTuning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBudgetTest {
    private static final ServersConfig NONE =
            new ServersConfig(true, 0.75, 1_024, Optional.empty(), Optional.empty(), Optional.empty(), 60);

    private static final OpenFiles FILES = new OpenFiles(1_024, 1_024);

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.25, 1, 16, 1_000})
    void everySizeThatTheConfigurationAllowsCanBeDivided(double gigabytes) {
        CacheConfig cache = new CacheConfig(Path.of("cache"), 10, gigabytes);
        MemoryBudget budget = MemoryBudget.of(cache);
        EngineSettings engine = budget.engine(Duration.ofSeconds(5), new LinkConfig(60, 3600, 15, 10, 64, 30, 8, 64));
        long heap = engine.memory().dirtyBytesMax()
                + Math.max(engine.commits().uploadBytesMax(), engine.commits().grownBytesMax())
                + engine.memory().pageCacheBytes();
        RocksTuning tuning = budget.index(FILES);
        long index = tuning.blockCacheBytes() + tuning.writeBufferBytes() * tuning.writeBuffersMax();
        assertTrue(heap <= cache.memoryBytes() / 2, "heap " + heap);
        assertTrue(index <= cache.memoryBytes() / 4, "index " + index);
        assertTrue(budget.servers(NONE, FILES).limits().bytesInFlightMax() <= cache.memoryBytes() / 8, "requests");
    }
}
