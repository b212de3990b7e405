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
 * How {@code memory_size_gb} is divided. Pages and dirty data are on the Java heap, of which an eighth of the whole is
 * left free for the collector; requests are in direct memory; the index is in RocksDB's own. The start script sizes heap
 * and direct memory to fit this, with what the program itself needs on top.
 *
 * @param dirtyBytes written and not yet in the store, with what is on its way there
 * @param pageBytes decoded pages
 * @param indexBytes RocksDB's block cache and write buffers
 * @param requestBytes requests and replies in flight
 */
record MemoryBudget(long dirtyBytes, long pageBytes, long indexBytes, long requestBytes) {
    private static final long MIB = 1 << 20;

    /** Of requests, for each connection: twice what a read from its socket brings. */
    private static final long CONNECTION_BYTES = 128 << 10;

    private static final long REQUESTS_MAX = 256 * MIB;

    /** Heap and direct memory that the program itself takes; the start script gives more. */
    private static final long PROGRAM_HEAP_BYTES = 128 * MIB;

    private static final long PROGRAM_DIRECT_BYTES = 64 * MIB;

    /** A commit's data, which goes to the store in one request. */
    private static final long GROWN_MAX = 192 * MIB;

    static MemoryBudget of(CacheConfig cache) {
        long sixteenth = cache.memoryBytes() / 16;
        return new MemoryBudget(3 * sixteenth, 5 * sixteenth, 4 * sixteenth, Math.min(REQUESTS_MAX, 2 * sixteenth));
    }

    /** The least heap: pages and dirty data, an eighth of the whole for the collector, and what the program itself takes. */
    long heapBytesMin() {
        return (dirtyBytes + pageBytes) / 4 * 5 + PROGRAM_HEAP_BYTES;
    }

    /** The least direct memory. */
    long directBytesMin() {
        return requestBytes + PROGRAM_DIRECT_BYTES;
    }

    /** Sealed copies on their way to the store come on top of what is dirty, so both share its part. */
    EngineSettings engine(Duration flushInterval, LinkConfig link) {
        EngineSettings.Commits usual = EngineSettings.DEFAULT.commits();
        int cutBytes = (int) Math.min(usual.cutBytes(), dirtyBytes / 8);
        int grownBytes = (int) Math.min(GROWN_MAX, dirtyBytes / 4);
        long uploadBytes = Math.max(cutBytes, Math.min(usual.uploadBytesMax(), dirtyBytes / 3));
        return EngineSettings.DEFAULT
                .with(new EngineSettings.Memory(
                        dirtyBytes - Math.max(uploadBytes, grownBytes),
                        pageBytes,
                        EngineSettings.DEFAULT.memory().entriesMax()))
                .with(new EngineSettings.Commits(
                        cutBytes,
                        grownBytes,
                        flushInterval,
                        link.uploads(),
                        uploadBytes,
                        link.stall(),
                        usual.retryDelayMax()));
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

    /** No more fids than fit into as much memory as pages have. */
    NinePSettings ninep(ServersConfig config) {
        int usual = NinePSettings.DEFAULT.fidsMax();
        return NinePSettings.DEFAULT
                .withFidsMax((int) Math.min(usual, pageBytes / NinePSettings.FID_BYTES))
                .withClientShare(config.clientShare());
    }

    /** What the configuration wants, as far as there is memory for it. */
    int connectionsMax(ServersConfig config) {
        return (int) Math.min(config.connectionsMax(), requestBytes / CONNECTION_BYTES);
    }

    /** What is counted is the length of messages; the allocator takes up to a third more for each. */
    ServerSettings servers(ServersConfig config, OpenFiles files) {
        ServerSettings usual = ServerSettings.DEFAULT;
        long messageBytes = requestBytes / 4 * 3;
        return new ServerSettings(
                usual.eventLoopThreads(),
                usual.waitingThreads(),
                files.connectionsMax(),
                usual.requestsPerConnectionMax(),
                Math.min(usual.bytesPerConnectionMax(), messageBytes),
                messageBytes,
                usual.offloadBytes(),
                usual.stallSeconds(),
                usual.closeSeconds(),
                config.clientShare());
    }
}
