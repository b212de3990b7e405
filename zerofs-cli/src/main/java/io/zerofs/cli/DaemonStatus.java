// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.zerofs.cli.config.ServersConfig;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.server.net.ClientState;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.storage.engine.EngineStatistics;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.GcStatistics;
import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.object.StoreOperation;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The state of a daemon for {@code zerofs status}, as members of a JSON object. Thread-safe. */
final class DaemonStatus {
    private final ZerofsConfig config;
    /** Maximum clients of an answer; their number has all of them. */
    private static final int CLIENTS_MAX = 1_000;

    private final StorageVolume volume;
    private final StoreMetrics store;
    private final Services services;

    DaemonStatus(ZerofsConfig config, StorageVolume volume, StoreMetrics store, Services services) {
        this.config = config;
        this.volume = volume;
        this.store = store;
        this.services = services;
    }

    Map<String, Object> members() {
        RuntimeMXBean process = ManagementFactory.getRuntimeMXBean();
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("version", Main.Version.number());
        members.put("pid", process.getPid());
        members.put("started", Instant.ofEpochMilli(process.getStartTime()).truncatedTo(ChronoUnit.SECONDS));
        members.put("uptimeSeconds", process.getUptime() / 1e3);
        members.put("volume", volume());
        members.put("endpoints", endpoints());
        EngineStatistics engine = volume.statistics();
        members.put("writes", writes(engine));
        members.put("store", store());
        members.put("caches", caches(engine));
        members.put("checkpoints", checkpoints(engine.log()));
        members.put("space", space(engine.space()));
        members.put("snapshots", volume.snapshots().list().size());
        members.put("protocols", protocols());
        List<ClientState> clients = services.resources().clientStates();
        members.put("clientCount", clients.size());
        members.put(
                "clients",
                clients.stream().limit(CLIENTS_MAX).map(DaemonStatus::client).toList());
        return members;
    }

    private static Map<String, Object> writes(EngineStatistics engine) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("dirtyBytes", engine.dirtyBytes());
        members.put("oldestSeconds", engine.backlog().oldestSeconds());
        members.put("commitsInFlight", engine.backlog().commits());
        members.put("failedUploads", engine.failedUploads());
        return members;
    }

    private Map<String, Object> store() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("answerAgeSeconds", store.answerAgeSeconds());
        members.put("failure", store.lastFailure().orElse(null));
        Map<String, Object> requests = new LinkedHashMap<>();
        for (StoreOperation operation : StoreOperation.values()) {
            requests.put(operation.name().toLowerCase(Locale.ROOT), store.requests(operation));
        }
        members.put("requests", requests);
        members.put("sentBytes", store.bytes(StoreOperation.PUT));
        members.put("receivedBytes", store.bytes(StoreOperation.GET) + store.bytes(StoreOperation.GET_RANGE));
        return members;
    }

    private static Map<String, Object> caches(EngineStatistics engine) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("memoryHits", engine.pageHits());
        members.put("memoryMisses", engine.pageMisses());
        members.put("diskHits", engine.disk().hits());
        members.put("diskMisses", engine.disk().misses());
        members.put("diskBytes", engine.disk().bytes());
        members.put("readAheadPages", engine.aheadPages());
        members.put("readAheadUnread", engine.unreadPages());
        return members;
    }

    private static Map<String, Object> checkpoints(CheckpointHook.Statistics log) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("published", log.checkpoints());
        members.put("ageSeconds", log.ageSeconds());
        members.put("uncoveredLogBytes", log.uncoveredBytes());
        members.put("uncoveredCommits", log.uncoveredCommits());
        members.put("restarts", log.restarts());
        return members;
    }

    private static Map<String, Object> space(GcStatistics space) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("storedBytes", space.commitBytes());
        members.put("liveBytes", space.liveBytes());
        members.put("awaitingDeletion", space.awaitingDeletion());
        members.put("deletedObjects", space.deletedObjects());
        members.put("movedBytes", space.movedBytes());
        members.put("restarts", space.restarts());
        return members;
    }

    /** Returns the number and the time of the requests of each protocol that has had a connection. */
    private List<Map<String, Object>> protocols() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (HistogramSnapshot.HistogramDataPointSnapshot point :
                services.resources().requests().collect().getDataPoints()) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("protocol", word(point.getLabels().get("protocol")));
            members.put("requests", point.getCount());
            members.put("seconds", point.getSum());
            all.add(members);
        }
        return all;
    }

    private static Map<String, Object> client(ClientState client) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("protocol", word(client.protocol()));
        members.put("address", client.address());
        client.used()
                .forEach((resource, amount) -> members.put(
                        switch (resource) {
                            case CONNECTIONS -> "connections";
                            case THREADS -> "threads";
                            case REQUEST_BYTES -> "requestBytes";
                            case FIDS -> "fidBytes";
                            case LOCKS -> "locks";
                            case XATTRS -> "attributeBytes";
                        },
                        amount));
        members.put("devices", client.devices());
        return members;
    }

    private static String word(String protocol) {
        return protocol.toLowerCase(Locale.ROOT);
    }

    private Map<String, Object> volume() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", volume.id());
        members.put("url", config.storage().url());
        members.put("epoch", volume.epoch());
        members.put("commit", volume.lastApplied().seq());
        FsStatistics files = services.statistics();
        members.put("bytesUsed", files.bytesUsed());
        members.put("bytesMax", files.bytesMax());
        members.put("inodesUsed", files.inodesUsed());
        members.put("inodesMax", files.inodesMax());
        return members;
    }

    private List<Map<String, Object>> endpoints() {
        List<Map<String, Object>> all = new ArrayList<>();
        ServersConfig servers = config.servers();
        servers.nfs().ifPresent(nfs -> add(all, "nfs", nfs.listen()));
        servers.ninep().ifPresent(ninep -> add(all, "9p", ninep.listen()));
        servers.nbd().ifPresent(nbd -> add(all, "nbd", nbd.listen()));
        config.prometheus().ifPresent(prometheus -> add(all, "metrics", prometheus.listen()));
        return all;
    }

    private static void add(List<Map<String, Object>> all, String protocol, List<ListenAddress> addresses) {
        for (ListenAddress address : addresses) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("protocol", protocol);
            members.put("address", address);
            all.add(members);
        }
    }
}
