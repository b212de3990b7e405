// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.vfs.InodeId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The state of a daemon as text for a terminal, with rates if there is an earlier state. */
final class StatusText {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    private final StringBuilder lines = new StringBuilder();
    private final Map<String, Object> status;

    /** The state some time before; null if there is none, or if another process had it. */
    private final Map<String, Object> before;

    private StatusText(Map<String, Object> status, Map<String, Object> before) {
        this.status = status;
        this.before = before != null && isSameProcess(status, before) ? before : null;
    }

    /** In a container each daemon has the same number. */
    private static boolean isSameProcess(Map<String, Object> status, Map<String, Object> before) {
        return Stream.of("pid", "started").allMatch(each -> status.get(each).equals(before.get(each)));
    }

    /**
     * @param status the members of the daemon's answer
     * @param before the members of an earlier answer; null for none
     */
    static String of(Map<String, Object> status, Map<String, Object> before) {
        StatusText text = new StatusText(status, before);
        text.daemon();
        text.volume();
        text.writes();
        text.store();
        text.caches();
        text.upkeep();
        text.protocols();
        text.clients();
        return text.lines.toString();
    }

    private void daemon() {
        line(
                "daemon",
                "zerofs %s, process %s, up %s",
                status.get("version"),
                status.get("pid"),
                duration(number(status, "uptimeSeconds")));
        for (Object each : (List<?>) status.get("endpoints")) {
            Map<?, ?> endpoint = (Map<?, ?>) each;
            line("", "%s on %s", endpoint.get("protocol"), endpoint.get("address"));
        }
    }

    private void volume() {
        Map<?, ?> volume = members(status, "volume");
        line("volume", "%s", volume.get("url"));
        line("", "%s, epoch %s, commit %s", volume.get("id"), volume.get("epoch"), volume.get("commit"));
        double bytesMax = number(volume, "bytesMax");
        double inodesMax = number(volume, "inodesMax");
        line(
                "",
                "%s in %.0f files%s%s",
                bytes(number(volume, "bytesUsed")),
                number(volume, "inodesUsed"),
                bytesMax < Long.MAX_VALUE ? ", at most " + bytes(bytesMax) : "",
                inodesMax < InodeId.NUMBER_MAX ? String.format(Locale.ROOT, ", at most %.0f files", inodesMax) : "");
    }

    private void writes() {
        Map<?, ?> writes = members(status, "writes");
        line(
                "writes",
                "%s not yet in the store%s, %s commits on their way%s",
                bytes(number(writes, "dirtyBytes")),
                age(writes, "oldestSeconds")
                        .map(age -> ", the oldest for " + age)
                        .orElse(""),
                writes.get("commitsInFlight"),
                number(writes, "failedUploads") == 0 ? "" : ", " + writes.get("failedUploads") + " failed attempts");
    }

    private void store() {
        Map<?, ?> store = members(status, "store");
        line(
                "store",
                "last answer %s%s",
                age(store, "answerAgeSeconds").map(age -> age + " ago").orElse("none"),
                store.get("failure") == null ? "" : ", and then a failure: " + store.get("failure"));
        double requests = ((Map<?, ?>) store.get("requests"))
                .values().stream()
                        .mapToDouble(each -> ((Number) each).doubleValue())
                        .sum();
        line(
                "",
                "%.0f requests, %s sent%s, %s received%s",
                requests,
                bytes(number(store, "sentBytes")),
                byteRate("store", "sentBytes"),
                bytes(number(store, "receivedBytes")),
                byteRate("store", "receivedBytes"));
    }

    private void caches() {
        line(
                "caches",
                "memory: %s, disk: %s of %s",
                hits("memory"),
                hits("disk"),
                bytes(number(members(status, "caches"), "diskBytes")));
    }

    /** Returns the share of accesses that a cache answered: since the earlier state, or since the start. */
    private String hits(String cache) {
        double hits = increase("caches", cache + "Hits");
        double all = hits + increase("caches", cache + "Misses");
        return all == 0 ? "not read" : String.format(Locale.ROOT, "%.0f %% of %.0f reads", 100 * hits / all, all);
    }

    private void upkeep() {
        Map<?, ?> log = members(status, "checkpoints");
        line(
                "log",
                "last checkpoint %s, %s of log to replay",
                age(log, "ageSeconds").map(age -> age + " ago").orElse("before the start"),
                bytes(number(log, "uncoveredLogBytes")));
        Map<?, ?> space = members(status, "space");
        line(
                "space",
                "%s in the store, %s of it in use, %s objects deleted, %s wait for deletion",
                bytes(number(space, "storedBytes")),
                bytes(number(space, "liveBytes")),
                space.get("deletedObjects"),
                space.get("awaitingDeletion"));
        if (number(status, "snapshots") > 0) {
            line("", "%s snapshots", status.get("snapshots"));
        }
    }

    private void protocols() {
        for (Object each : (List<?>) status.get("protocols")) {
            Map<?, ?> now = (Map<?, ?>) each;
            Optional<Map<?, ?>> earlier = Optional.ofNullable(before)
                    .flatMap(state -> ((List<?>) state.get("protocols"))
                            .stream()
                                    .<Map<?, ?>>map(other -> (Map<?, ?>) other)
                                    .filter(other -> other.get("protocol").equals(now.get("protocol")))
                                    .findFirst());
            double requests = number(now, "requests")
                    - earlier.map(state -> number(state, "requests")).orElse(0.0);
            double seconds = number(now, "seconds")
                    - earlier.map(state -> number(state, "seconds")).orElse(0.0);
            line(
                    now.get("protocol").toString(),
                    "%.0f requests%s%s",
                    number(now, "requests"),
                    before == null ? "" : String.format(Locale.ROOT, ", %.0f/s", requests / elapsed()),
                    requests == 0 ? "" : String.format(Locale.ROOT, ", %.2f ms each", 1e3 * seconds / requests));
        }
    }

    private void clients() {
        List<?> clients = (List<?>) status.get("clients");
        line("clients", "%s", status.get("clientCount"));
        for (Object each : clients) {
            Map<?, ?> client = (Map<?, ?>) each;
            List<?> devices = (List<?>) client.get("devices");
            line(
                    "",
                    "%s %s: %s connections, %s in flight, %s of fids, %s locks%s",
                    client.get("protocol"),
                    client.get("address"),
                    client.get("connections"),
                    bytes(number(client, "requestBytes")),
                    bytes(number(client, "fidBytes")),
                    client.get("locks"),
                    devices.isEmpty()
                            ? ""
                            : devices.stream()
                                    .map(name -> printable(name.toString()))
                                    .collect(Collectors.joining(", ", ", device ", "")));
        }
        double more = number(status, "clientCount") - clients.size();
        if (more > 0) {
            line("", "and %.0f more", more);
        }
    }

    private void line(String name, String format, Object... values) {
        lines.append(String.format(Locale.ROOT, "%-9s", name))
                .append(String.format(Locale.ROOT, format, values))
                .append('\n');
    }

    private String byteRate(String group, String name) {
        return before == null ? "" : " (" + bytes(increase(group, name) / elapsed()) + "/s)";
    }

    /** Returns the growth of a count since the earlier state, or since the start. */
    private double increase(String group, String name) {
        double now = number(members(status, group), name);
        return before == null ? now : now - number(members(before, group), name);
    }

    private double elapsed() {
        return Math.max(1e-3, number(status, "uptimeSeconds") - number(before, "uptimeSeconds"));
    }

    private static Map<?, ?> members(Map<String, Object> status, String group) {
        return (Map<?, ?>) status.get(group);
    }

    private static double number(Map<?, ?> members, String name) {
        return ((Number) members.get(name)).doubleValue();
    }

    private static Optional<String> age(Map<?, ?> members, String name) {
        return Optional.ofNullable(members.get(name)).map(seconds -> duration(((Number) seconds).doubleValue()));
    }

    /** Returns a name for a terminal, which must not see the control characters that a client may have put into it. */
    static String printable(String name) {
        return Pattern.compile("[\\p{Cntrl}\\\\]")
                .matcher(name)
                .replaceAll(found -> String.format(
                        Locale.ROOT, "\\\\x%02x", (int) found.group().charAt(0)));
    }

    /** Returns bytes in units of 1000. */
    static String bytes(double bytes) {
        double amount = bytes;
        int unit = 0;
        while (amount >= 999.5 && unit < UNITS.length - 1) {
            amount /= 1_000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || amount >= 99.95 ? "%.0f %s" : "%.1f %s", amount, UNITS[unit]);
    }

    /** Returns seconds as a person says them, with two units at most. */
    static String duration(double seconds) {
        long whole = (long) seconds;
        if (whole < 10) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        if (whole < 60) {
            return whole + " s";
        }
        if (whole < 3_600) {
            return whole / 60 + " min " + whole % 60 + " s";
        }
        return whole < 86_400
                ? whole / 3_600 + " h " + whole % 3_600 / 60 + " min"
                : whole / 86_400 + " d " + whole % 86_400 / 3_600 + " h";
    }
}
