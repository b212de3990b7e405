// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.storage.manifest.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Snapshots as members of an answer, and those members as text for a terminal. */
final class SnapshotText {
    private static final double MILLIS_PER_SECOND = 1e3;
    private static final String LINE = "%-7s  %s%n";

    private SnapshotText() {}

    /** @param pinned bytes that only one snapshot pins, by name; without those that nobody has counted */
    static Map<String, Object> list(List<Snapshot> snapshots, Map<String, Long> pinned) {
        List<Object> all = new ArrayList<>();
        snapshots.forEach(snapshot -> all.add(members(snapshot, pinned)));
        return Map.of("snapshots", all);
    }

    static Map<String, Object> members(Snapshot snapshot, Map<String, Long> pinned) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", snapshot.name());
        members.put("created", Instant.ofEpochMilli(snapshot.createdAtMillis()).toString());
        members.put(
                "ageSeconds", Math.max(0, System.currentTimeMillis() - snapshot.createdAtMillis()) / MILLIS_PER_SECOND);
        members.put("commit", snapshot.cutSeq());
        members.put("manifest", snapshot.manifestVersion());
        members.put("pinnedBytes", pinned.get(snapshot.name()));
        return members;
    }

    /** Returns a table with a line for each snapshot. */
    static String table(List<?> snapshots) {
        if (snapshots.isEmpty()) {
            return "no snapshots\n";
        }
        int width = snapshots.stream()
                .mapToInt(each -> text((Map<?, ?>) each, "name").length())
                .max()
                .orElseThrow();
        StringBuilder lines = new StringBuilder();
        String format = "%-" + Math.max(width, 4) + "s  %-14s  %s%n";
        lines.append(String.format(Locale.ROOT, format, "name", "age", "space of its own"));
        for (Object each : snapshots) {
            Map<?, ?> snapshot = (Map<?, ?>) each;
            lines.append(String.format(Locale.ROOT, format, text(snapshot, "name"), age(snapshot), pinned(snapshot)));
        }
        return lines.toString();
    }

    /** Returns everything about one snapshot. */
    static String details(Map<?, ?> snapshot) {
        return String.format(Locale.ROOT, LINE, "name", text(snapshot, "name"))
                + String.format(Locale.ROOT, LINE, "created", text(snapshot, "created"))
                + String.format(Locale.ROOT, LINE, "age", age(snapshot))
                + String.format(
                        Locale.ROOT,
                        LINE,
                        "state",
                        "commit " + text(snapshot, "commit") + ", manifest " + text(snapshot, "manifest"))
                + String.format(Locale.ROOT, LINE, "space", pinned(snapshot) + " of its own");
    }

    private static String text(Map<?, ?> snapshot, String name) {
        return String.valueOf(snapshot.get(name));
    }

    private static String age(Map<?, ?> snapshot) {
        return StatusText.duration(((Number) snapshot.get("ageSeconds")).doubleValue());
    }

    private static String pinned(Map<?, ?> snapshot) {
        return snapshot.get("pinnedBytes") instanceof Number bytes ? StatusText.bytes(bytes.doubleValue()) : "unknown";
    }
}
