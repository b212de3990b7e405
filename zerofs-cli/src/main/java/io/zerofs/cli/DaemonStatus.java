// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ServersConfig;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.storage.engine.StorageVolume;
import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The state of a daemon for {@code zerofs status}, as members of a JSON object. Thread-safe. */
final class DaemonStatus {
    private final ZerofsConfig config;
    private final StorageVolume volume;

    DaemonStatus(ZerofsConfig config, StorageVolume volume) {
        this.config = config;
        this.volume = volume;
    }

    Map<String, Object> members() {
        RuntimeMXBean process = ManagementFactory.getRuntimeMXBean();
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("version", Main.Version.number());
        members.put("pid", process.getPid());
        members.put("started", Instant.ofEpochMilli(process.getStartTime()).truncatedTo(ChronoUnit.SECONDS));
        members.put("uptimeSeconds", process.getUptime() / 1000);
        members.put("volume", volume());
        members.put("endpoints", endpoints());
        return members;
    }

    private Map<String, Object> volume() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", volume.id());
        members.put("url", config.storage().url());
        members.put("epoch", volume.epoch());
        members.put("commit", volume.lastApplied().seq());
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
