// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.CacheConfig;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.storage.engine.StorageSettings;
import io.zerofs.storage.index.RocksTuning;
import java.time.Duration;

/**
 * How {@code memory_size_gb} is divided.
 *
 * @param dirtyBytes written and not yet in the store
 * @param pageBytes decoded pages
 * @param indexBytes RocksDB's block cache and write buffers
 * @param requestBytes requests and replies in flight
 */
record MemoryBudget(long dirtyBytes, long pageBytes, long indexBytes, long requestBytes) {
    private static final long MIB = 1 << 20;
    private static final long REQUESTS_MAX = 256 * MIB;

    static MemoryBudget of(CacheConfig cache) {
        long whole = cache.memoryBytes();
        long requests = Math.min(REQUESTS_MAX, whole / 8);
        long dirty = whole / 4;
        long index = whole / 4;
        return new MemoryBudget(dirty, whole - dirty - index - requests, index, requests);
    }

    /** Sealed copies on their way to the store come on top of what is dirty, so both share its part. */
    StorageSettings engine(Duration flushInterval) {
        StorageSettings.Commits usual = StorageSettings.DEFAULT.commits();
        int cutBytes = (int) Math.min(usual.cutBytes(), dirtyBytes / 8);
        long uploadBytes = Math.max(cutBytes, Math.min(usual.uploadBytesMax(), dirtyBytes / 3));
        return StorageSettings.DEFAULT
                .with(new StorageSettings.Memory(
                        dirtyBytes - uploadBytes,
                        pageBytes,
                        StorageSettings.DEFAULT.memory().entriesMax()))
                .with(new StorageSettings.Commits(
                        cutBytes,
                        flushInterval,
                        usual.uploadsMax(),
                        uploadBytes,
                        usual.barrierDeadline(),
                        usual.retryDelayMax()));
    }

    RocksTuning index() {
        RocksTuning usual = RocksTuning.DEFAULT;
        long buffers = indexBytes / 2;
        return new RocksTuning(
                indexBytes - buffers,
                Math.min(usual.writeBufferBytes(), buffers / usual.writeBuffersMax()),
                usual.writeBuffersMax(),
                usual.backgroundJobs());
    }

    ServerSettings servers() {
        ServerSettings usual = ServerSettings.DEFAULT;
        return new ServerSettings(
                usual.eventLoopThreads(),
                usual.waitingThreads(),
                usual.connectionsMax(),
                usual.requestsPerConnectionMax(),
                Math.min(usual.bytesPerConnectionMax(), requestBytes),
                requestBytes,
                usual.offloadBytes(),
                usual.stallSeconds(),
                usual.closeSeconds());
    }
}
