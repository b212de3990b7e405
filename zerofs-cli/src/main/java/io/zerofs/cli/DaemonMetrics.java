// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.metrics.MetricsText;
import io.zerofs.server.net.RequestMeter;
import io.zerofs.server.net.ServerResources;
import io.zerofs.storage.cache.DiskCache;
import io.zerofs.storage.engine.EngineStatistics;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.GcStatistics;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.object.StoreMetrics.OperationCounts;
import io.zerofs.storage.object.StoreOperation;
import java.util.List;
import java.util.Locale;

/** All metrics of a daemon as one text. {@code docs/operations.md} lists their names. Thread-safe. */
record DaemonMetrics(StoreMetrics store, StorageVolume volume, Services services) {
    private static final List<Double> STORE_BOUNDS_SECONDS = StoreMetrics.LATENCY_BOUNDS_MILLIS.stream()
            .map(millis -> millis / 1e3)
            .toList();
    private static final List<Double> SERVER_BOUNDS_SECONDS = RequestMeter.LATENCY_BOUNDS_MICROS.stream()
            .map(micros -> micros / 1e6)
            .toList();

    String text() {
        MetricsText text = new MetricsText();
        addStore(text);
        EngineStatistics engine = volume.statistics();
        addEngine(text, engine);
        addDisk(text, engine.disk());
        addLog(text, engine.log());
        addSpace(text, engine.space());
        addRestarts(text, engine);
        addServers(text, services.resources());
        Runtime runtime = Runtime.getRuntime();
        text.gauge("zerofs_heap_bytes", "Java heap in use.").sample(runtime.totalMemory() - runtime.freeMemory());
        text.counter("zerofs_log_dropped_total", "Log lines dropped because no reader took them.")
                .sample(LogStream.droppedByInstalled());
        return text.toString();
    }

    private void addStore(MetricsText text) {
        text.counter("zerofs_store_requests_total", "Requests to the store by outcome; each repetition counts.");
        for (StoreOperation operation : StoreOperation.values()) {
            OperationCounts counts = store.counts(operation);
            long errors =
                    counts.errors().values().stream().mapToLong(Long::longValue).sum();
            outcome(text, operation, "ok", Math.max(0, counts.requests() - counts.refusals() - errors));
            outcome(text, operation, "condition_failed", counts.refusals());
            outcome(text, operation, "throttled", counts.throttled());
            counts.errors()
                    .forEach((kind, count) -> outcome(
                            text,
                            operation,
                            lower(kind),
                            kind == Kind.UNAVAILABLE ? count - counts.throttled() : count));
        }
        text.counter("zerofs_store_bytes_total", "Bytes sent by PUTs and received by GETs.");
        for (StoreOperation operation : StoreOperation.values()) {
            text.sample(label(operation), store.counts(operation).bytes());
        }
        text.histogram("zerofs_store_request_seconds", "Duration of requests to the store.");
        for (StoreOperation operation : StoreOperation.values()) {
            OperationCounts counts = store.counts(operation);
            text.samples(label(operation), STORE_BOUNDS_SECONDS, counts.latencyCounts(), counts.latencyNanos());
        }
    }

    private static void outcome(MetricsText text, StoreOperation operation, String outcome, long count) {
        text.sample(label(operation) + ",outcome=\"" + outcome + "\"", count);
    }

    private static String label(StoreOperation operation) {
        return "operation=\"" + lower(operation) + "\"";
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private void addEngine(MetricsText text, EngineStatistics engine) {
        text.gauge("zerofs_epoch", "Epoch of this writer.").sample(volume.epoch());
        text.gauge("zerofs_durable_commit", "Number of the newest durable commit.")
                .sample(engine.appliedSeq());
        text.gauge("zerofs_dirty_bytes", "Bytes that are not yet in the store.").sample(engine.dirtyBytes());
        text.counter("zerofs_failed_uploads_total", "Attempts to upload a commit that failed.")
                .sample(engine.failedUploads());
        text.counter("zerofs_folds_total", "Chunks whose small overwrites were merged.")
                .sample(engine.compactions());
        text.counter("zerofs_damaged_reads_total", "Reads that failed because stored bytes are damaged.")
                .sample(engine.damagedReads());
        text.counter("zerofs_page_cache_hits_total", "Pages that reads found in memory.")
                .sample(engine.pageHits());
        text.counter("zerofs_page_cache_misses_total", "Pages that reads did not find in memory.")
                .sample(engine.pageMisses());
        text.counter("zerofs_read_ahead_pages_total", "Pages fetched by read-ahead.")
                .sample(engine.aheadPages());
        text.counter("zerofs_read_ahead_unread_total", "Pages fetched by read-ahead and dropped unread.")
                .sample(engine.unreadPages());
    }

    private static void addDisk(MetricsText text, DiskCache.Statistics disk) {
        text.counter("zerofs_disk_cache_hits_total", "Blocks that reads found on the disk.")
                .sample(disk.hits());
        text.counter("zerofs_disk_cache_misses_total", "Blocks that reads did not find on the disk.")
                .sample(disk.misses());
        text.counter("zerofs_disk_cache_damaged_total", "Damaged blocks on the disk, which were fetched again.")
                .sample(disk.damaged());
        text.counter("zerofs_disk_cache_dropped_total", "Blocks that the disk was too slow to take.")
                .sample(disk.dropped());
        text.counter("zerofs_disk_cache_failures_total", "Accesses to the disk that failed.")
                .sample(disk.failures());
        text.gauge("zerofs_disk_cache_bytes", "Bytes of the cache on the disk.").sample(disk.bytes());
    }

    private static void addLog(MetricsText text, CheckpointHook.Statistics log) {
        text.counter("zerofs_checkpoints_total", "Checkpoints that were published.")
                .sample(log.checkpoints());
        text.counter("zerofs_checkpoint_bytes_total", "Bytes of index tables that checkpoints uploaded.")
                .sample(log.tableBytes());
        text.gauge("zerofs_uncovered_log_bytes", "Bytes of log that a new start would replay.")
                .sample(log.uncoveredBytes());
    }

    private static void addSpace(MetricsText text, GcStatistics space) {
        text.gauge("zerofs_gc_stored_bytes", "Bytes of the commits in the store.")
                .sample(space.commitBytes());
        text.gauge("zerofs_gc_live_bytes", "Live bytes of these commits.").sample(space.liveBytes());
        text.gauge("zerofs_gc_awaiting_deletion", "Entries of the published list of deletions.")
                .sample(space.awaitingDeletion());
        text.counter("zerofs_gc_moved_bytes_total", "Live bytes written again so that old commits can be deleted.")
                .sample(space.movedBytes());
        text.counter("zerofs_gc_deleted_objects_total", "Objects whose deletion the store confirmed.")
                .sample(space.deletedObjects());
        text.counter("zerofs_gc_failed_deletions_total", "Attempts to delete an object that failed.")
                .sample(space.failedDeletions());
    }

    private void addRestarts(MetricsText text, EngineStatistics engine) {
        text.counter(
                "zerofs_background_restarts_total", "Failures of background work, each followed by a new attempt.");
        text.sample("task=\"checkpoint\"", engine.log().restarts());
        text.sample("task=\"garbage_collection\"", engine.space().restarts());
        text.sample("task=\"sweep\"", engine.space().sweepRestarts());
        text.sample("task=\"removal\"", services.removalRestarts());
    }

    private static void addServers(MetricsText text, ServerResources servers) {
        text.histogram("zerofs_server_request_seconds", "Time from a request to its reply.");
        servers.requests()
                .forEach((protocol, counts) -> text.samples(
                        "protocol=\"" + protocol + "\"",
                        SERVER_BOUNDS_SECONDS,
                        counts.latencyCounts(),
                        counts.latencyNanos()));
        text.gauge("zerofs_server_connections", "Connections that are open.").sample(servers.connections());
        text.gauge("zerofs_server_open_listeners", "Addresses beyond this machine where no allow restricts clients.")
                .sample(servers.openToAll());
        text.gauge("zerofs_server_bytes_in_flight", "Bytes of requests and replies in flight.")
                .sample(servers.bytesInFlight());
        text.counter("zerofs_client_refused_total", "Refusals because a client had used its share.");
        servers.refused()
                .forEach((protocol, counts) -> counts.forEach((resource, count) ->
                        text.sample("protocol=\"" + protocol + "\",resource=\"" + lower(resource) + "\"", count)));
    }
}
