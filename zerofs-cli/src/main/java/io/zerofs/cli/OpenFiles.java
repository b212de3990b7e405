// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import com.sun.management.UnixOperatingSystemMXBean;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.server.http.HttpServer;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.storage.cache.DiskCacheSettings;
import io.zerofs.storage.index.RocksTuning;
import io.zerofs.storage.object.local.LocalObjectStore;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The division of the process's limit on open files. Store, cache and index get their parts before any client, so that no
 * number of connections makes a request to the store fail.
 *
 * @param indexMax tables that the index keeps open
 * @param connectionsMax maximum connections of all clients together
 */
record OpenFiles(int indexMax, int connectionsMax) {
    private static final Logger log = LoggerFactory.getLogger(OpenFiles.class);

    /** Files of an event loop: the poll, a timer and the wakeup. */
    private static final int EVENT_LOOP_FILES = 3;

    /** Other open files: listeners, the index's logs, copies of tables, connections being refused. */
    private static final int OTHER_FILES = 48;

    private static final int INDEX_MIN = 32;
    private static final int CONNECTIONS_MIN = 8;

    /** Divides the limit of this process before it has opened any file. */
    static OpenFiles of(ZerofsConfig config) throws ExitException {
        int requests = config.storage().link().requests();
        int connections = MemoryBudget.of(config.cache()).connectionsMax(config.servers());
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                        instanceof UnixOperatingSystemMXBean unix
                ? of(unix.getMaxFileDescriptorCount(), unix.getOpenFileDescriptorCount(), requests, connections)
                : of(-1, 0, requests, connections);
    }

    /**
     * Divides a limit.
     *
     * @param limit negative if there is none
     * @param open files that the process has open now
     * @param requests maximum requests to the store in flight
     * @param connections wanted connections
     */
    static OpenFiles of(long limit, long open, int requests, int connections) throws ExitException {
        ServerSettings servers = ServerSettings.DEFAULT;
        // A directory as store has no limit: each thread that waits for it reads one file, and some files stay open.
        long reserved = open
                + Math.max(requests, servers.threads().blocking())
                + LocalObjectStore.OPEN_FILES_MAX
                + DiskCacheSettings.FILES_MAX
                + 2 * HttpServer.CONNECTIONS_MAX
                + EVENT_LOOP_FILES * (servers.threads().eventLoops() + 2L)
                + OTHER_FILES;
        long free = limit < 0 ? Integer.MAX_VALUE : limit - reserved;
        if (free < INDEX_MIN + CONNECTIONS_MIN) {
            throw new ExitException(
                    ExitCode.CONFIG,
                    "the limit of " + limit + " open files is too low, at least "
                            + (reserved + INDEX_MIN + CONNECTIONS_MIN)
                            + " are needed: raise it with \"ulimit -n 65536\" or LimitNOFILE=65536 in the unit");
        }
        long index = Math.max(INDEX_MIN, Math.max(free / 2, free - connections));
        index = Math.min(index, RocksTuning.DEFAULT.openFilesMax());
        if (free - index < connections) {
            log.warn(
                    "the limit of {} open files leaves room for {} connections instead of {}: raise it with"
                            + " \"ulimit -n 65536\" or LimitNOFILE=65536 in the unit",
                    limit,
                    free - index,
                    connections);
        }
        return new OpenFiles((int) index, (int) Math.min(connections, free - index));
    }
}
