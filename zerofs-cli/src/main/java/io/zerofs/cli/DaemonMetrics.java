// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.zerofs.server.net.ServerResources;
import io.zerofs.storage.engine.EngineStatistics;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.recovery.VolumeFollower;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * All metrics of a daemon as one text. {@code docs/operations.md} lists their names. The first scrape makes the registry, so
 * that the start of the daemon need not wait for it. Thread-safe.
 */
final class DaemonMetrics {
    private final StoreMetrics store;
    /** Null for a daemon that only reads. */
    private final StorageVolume volume;

    private final Services services;
    /** Null for a daemon that does not follow another one. */
    private final VolumeFollower follower;

    private PrometheusRegistry registry;
    /** Whether the registry is whole. If registering fails, the next scrape begins anew. */
    private boolean registered;
    /** The numbers of the present scrape. */
    private EngineStatistics engine;

    private DaemonMetrics(StoreMetrics store, StorageVolume volume, Services services, VolumeFollower follower) {
        this.store = store;
        this.follower = follower;
        this.volume = volume;
        this.services = services;
    }

    static DaemonMetrics ofWriter(StoreMetrics store, StorageVolume volume, Services services) {
        return new DaemonMetrics(store, volume, services, null);
    }

    /** @param follower null for a daemon that shows one state */
    static DaemonMetrics ofReader(StoreMetrics store, Services services, VolumeFollower follower) {
        return new DaemonMetrics(store, null, services, follower);
    }

    synchronized String text() {
        engine = volume == null ? null : volume.statistics();
        if (!registered) {
            registry = new PrometheusRegistry();
            register();
            registered = true;
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(text, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    private void register() {
        store.collectors().forEach(registry::register);
        if (volume != null) {
            registerEngine();
            registerDisk();
            registerLog();
            registerSpace();
        }
        if (follower != null) {
            registerFollower();
        }
        registerServers(services.resources());
        Runtime runtime = Runtime.getRuntime();
        gauge("zerofs_heap_bytes", "Java heap in use.", unused -> runtime.totalMemory() - runtime.freeMemory());
        counter(
                "zerofs_log_dropped_total",
                "Log lines dropped because no reader took them.",
                unused -> LogStream.droppedByInstalled());
        JvmMetrics.builder().register(registry);
    }

    private void counter(String name, String help, ToLongFunction<EngineStatistics> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(sample -> sample.call(value.applyAsLong(engine)))
                .register(registry);
    }

    private void gauge(String name, String help, ToLongFunction<EngineStatistics> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(sample -> sample.call(value.applyAsLong(engine)))
                .register(registry);
    }

    private void registerEngine() {
        gauge("zerofs_epoch", "Epoch of this writer.", unused -> volume.epoch());
        gauge("zerofs_durable_commit", "Number of the newest durable commit.", EngineStatistics::appliedSeq);
        gauge("zerofs_dirty_bytes", "Written bytes that are not yet in the store.", EngineStatistics::dirtyBytes);
        counter(
                "zerofs_failed_uploads_total",
                "Attempts to upload a commit that failed.",
                EngineStatistics::failedUploads);
        counter("zerofs_compactions_total", "Chunks whose deltas were compacted.", EngineStatistics::compactions);
        counter(
                "zerofs_damaged_reads_total",
                "Reads that failed because stored bytes are damaged.",
                EngineStatistics::damagedReads);
        counter("zerofs_page_cache_hits_total", "Pages that reads found in memory.", EngineStatistics::pageHits);
        counter(
                "zerofs_page_cache_misses_total",
                "Pages that reads did not find in memory.",
                EngineStatistics::pageMisses);
        counter("zerofs_read_ahead_pages_total", "Pages fetched by read-ahead.", EngineStatistics::aheadPages);
        counter(
                "zerofs_read_ahead_unread_total",
                "Pages fetched by read-ahead and dropped unread.",
                EngineStatistics::unreadPages);
        CounterWithCallback.builder()
                .name("zerofs_background_restarts_total")
                .help("Failures of background work, each followed by a new attempt.")
                .labelNames("task")
                .callback(sample -> {
                    sample.call(engine.log().restarts(), "checkpoint");
                    sample.call(engine.space().restarts(), "garbage_collection");
                    sample.call(engine.space().sweepRestarts(), "sweep");
                    sample.call(services.removalRestarts(), "removal");
                })
                .register(registry);
    }

    private void registerDisk() {
        counter(
                "zerofs_disk_cache_hits_total",
                "Blocks that reads found on the disk.",
                now -> now.disk().hits());
        counter(
                "zerofs_disk_cache_misses_total",
                "Blocks that reads did not find on the disk.",
                now -> now.disk().misses());
        counter(
                "zerofs_disk_cache_damaged_total",
                "Damaged blocks on the disk, which were fetched again.",
                now -> now.disk().damaged());
        counter(
                "zerofs_disk_cache_dropped_total",
                "Blocks that the disk was too slow to take.",
                now -> now.disk().dropped());
        counter(
                "zerofs_disk_cache_failures_total",
                "Accesses to the disk that failed.",
                now -> now.disk().failures());
        gauge(
                "zerofs_disk_cache_bytes",
                "Bytes of the cache on the disk.",
                now -> now.disk().bytes());
    }

    private void registerLog() {
        counter(
                "zerofs_checkpoints_total",
                "Checkpoints that were published.",
                now -> now.log().checkpoints());
        counter(
                "zerofs_checkpoint_bytes_total",
                "Bytes of index tables that checkpoints uploaded.",
                now -> now.log().tableBytes());
        gauge(
                "zerofs_uncovered_log_bytes",
                "Bytes of log that a new start would replay.",
                now -> now.log().uncoveredBytes());
    }

    private void registerSpace() {
        gauge(
                "zerofs_gc_stored_bytes",
                "Bytes of the commits in the store.",
                now -> now.space().commitBytes());
        gauge(
                "zerofs_gc_live_bytes",
                "Live bytes of these commits.",
                now -> now.space().liveBytes());
        gauge(
                "zerofs_gc_awaiting_deletion",
                "Entries of the published list of deletions.",
                now -> now.space().awaitingDeletion());
        counter(
                "zerofs_gc_moved_bytes_total",
                "Live bytes written again so that old commits can be deleted.",
                now -> now.space().movedBytes());
        counter(
                "zerofs_gc_deleted_objects_total",
                "Objects whose deletion the store confirmed.",
                now -> now.space().deletedObjects());
        counter(
                "zerofs_gc_failed_deletions_total",
                "Attempts to delete an object that failed.",
                now -> now.space().failedDeletions());
    }

    private void registerFollower() {
        GaugeWithCallback.builder()
                .name("zerofs_follower_lag_seconds")
                .help("Seconds since the shown state was the newest durable one.")
                .callback(sample -> sample.call(follower.statistics().ageNanos() / 1e9))
                .register(registry);
        gauge(
                "zerofs_follower_commit",
                "Number of the last commit of the shown state.",
                unused -> follower.statistics().lastSeq());
        counter(
                "zerofs_follower_reopenings_total",
                "Newest states that were opened anew because the log to them was gone.",
                unused -> follower.statistics().reopenings());
        counter(
                "zerofs_follower_failures_total",
                "Looks at the store that failed, each followed by another.",
                unused -> follower.statistics().failures());
    }

    private void registerServers(ServerResources servers) {
        registry.register(servers.requests());
        gauge("zerofs_server_connections", "Connections that are open.", unused -> servers.connections());
        gauge(
                "zerofs_server_open_listeners",
                "Addresses beyond this machine where no allow restricts clients.",
                unused -> servers.openToAll());
        gauge(
                "zerofs_server_bytes_in_flight",
                "Bytes of requests and replies in flight.",
                unused -> servers.bytesInFlight());
        CounterWithCallback.builder()
                .name("zerofs_client_refused_total")
                .help("Refusals because a client had used its share.")
                .labelNames("protocol", "resource")
                .callback(sample -> servers.refused()
                        .forEach((protocol, counts) -> counts.forEach((resource, count) ->
                                sample.call(count, protocol, resource.name().toLowerCase(Locale.ROOT)))))
                .register(registry);
    }
}
