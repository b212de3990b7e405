// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.CacheConfig;
import io.zerofs.cli.config.LinkConfig;
import io.zerofs.cli.config.ServersConfig;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.ninep.NinePSettings;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.index.RocksTuning;
import java.time.Duration;

/**
 * The division of {@code memory_size_gb}. Pages and dirty data are on the Java heap, with an eighth of the whole free for
 * the collector. Requests are in direct memory, and the index is in RocksDB's own. {@link JavaFlags} sizes heap and direct
 * memory to fit, and adds the program's own needs.
 *
 * @param dirtyBytes written data that is not yet in the store, and uploads in flight
 * @param pageBytes decoded pages
 * @param indexBytes RocksDB's block cache and write buffers
 * @param requestBytes requests and replies in flight
 */
record MemoryBudget(long dirtyBytes, long pageBytes, long indexBytes, long requestBytes) {
    private static final long MIB = 1 << 20;

    /** Bytes of requests for each connection: twice the bytes of a read from its socket. */
    private static final long CONNECTION_BYTES = 128 << 10;

    private static final long REQUESTS_MAX = 256 * MIB;

    /** Heap and direct memory of the program itself. {@link JavaFlags} adds more. */
    private static final long PROGRAM_HEAP_BYTES = 128 * MIB;

    private static final long PROGRAM_DIRECT_BYTES = 64 * MIB;

    /** Maximum bytes of a commit's data, which goes to the store in one request. */
    private static final long GROWN_MAX = 192 * MIB;

    static MemoryBudget of(CacheConfig cache) {
        long sixteenth = cache.memoryBytes() / 16;
        return new MemoryBudget(3 * sixteenth, 5 * sixteenth, 4 * sixteenth, Math.min(REQUESTS_MAX, 2 * sixteenth));
    }

    /** Returns the minimum heap: pages, dirty data, an eighth of the whole for the collector, and the program's own needs. */
    long heapBytesMin() {
        return (dirtyBytes + pageBytes) / 4 * 5 + PROGRAM_HEAP_BYTES;
    }

    /** Returns the minimum direct memory. */
    long directBytesMin() {
        return requestBytes + PROGRAM_DIRECT_BYTES;
    }

    /** Returns the engine's settings. Dirty data and its sealed copies in flight share one part of the budget. */
    EngineSettings engine(Duration flushInterval, LinkConfig link) {
        EngineSettings.Commits usual = EngineSettings.DEFAULT.commits();
        int cutBytes = (int) Math.min(usual.cutBytes(), dirtyBytes / 8);
        int grownBytes = (int) Math.min(GROWN_MAX, dirtyBytes / 3);
        long uploadBytes = Math.max(cutBytes, Math.min(usual.uploadBytesMax(), dirtyBytes / 3));
        return EngineSettings.DEFAULT
                .with(EngineSettings.DEFAULT
                        .memory()
                        .withDirtyBytesMax(dirtyBytes - Math.max(uploadBytes, grownBytes))
                        .withPageCacheBytes(pageBytes))
                .with(usual.withCut(cutBytes, grownBytes)
                        .withFlushInterval(flushInterval)
                        .withUploads(link.uploads(), uploadBytes)
                        .withBarrierDeadline(link.stall()));
    }

    RocksTuning index(OpenFiles files) {
        RocksTuning usual = RocksTuning.DEFAULT;
        long buffers = indexBytes / 2;
        return new RocksTuning(
                indexBytes - buffers,
                Math.min(usual.writeBufferBytes(), buffers / usual.writeBuffersMax()),
                usual.writeBuffersMax(),
                usual.backgroundJobs(),
                files.indexMax());
    }

    /** Returns the 9P settings. Fids may take as much memory as pages. */
    NinePSettings ninep(ServersConfig config) {
        int usual = NinePSettings.DEFAULT.fidsMax();
        return NinePSettings.DEFAULT
                .withFidsMax((int) Math.min(usual, pageBytes / NinePSettings.FID_BYTES))
                .withClientShare(config.clientShare());
    }

    /** Returns the configured number of connections, or fewer if memory is short. */
    int connectionsMax(ServersConfig config) {
        return (int) Math.min(config.connectionsMax(), requestBytes / CONNECTION_BYTES);
    }

    /** Returns the server's settings. The length of messages counts; the allocator takes up to a third more. */
    ServerSettings servers(ServersConfig config, OpenFiles files) {
        ServerSettings usual = ServerSettings.DEFAULT;
        long messageBytes = requestBytes / 4 * 3;
        return usual.withConnectionsMax(files.connectionsMax())
                .withBytesMax(Math.min(usual.limits().bytesPerConnectionMax(), messageBytes), messageBytes)
                .withClientShare(config.clientShare());
    }
}
