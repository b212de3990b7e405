// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The state of a daemon as text for a terminal. */
final class StatusText {
    private final StringBuilder lines = new StringBuilder();

    private StatusText() {}

    /** @param status the members of the daemon's answer */
    static String of(Map<String, Object> status) {
        StatusText text = new StatusText();
        text.daemon(status);
        return text.lines.toString();
    }

    private void daemon(Map<String, Object> status) {
        line(
                "daemon",
                "zerofs %s, process %s, up %s",
                status.get("version"),
                status.get("pid"),
                duration(number(status, "uptimeSeconds")));
        Map<?, ?> volume = (Map<?, ?>) status.get("volume");
        line("volume", "%s", volume.get("url"));
        line("", "%s, epoch %s, commit %s", volume.get("id"), volume.get("epoch"), volume.get("commit"));
        for (Object each : (List<?>) status.get("endpoints")) {
            Map<?, ?> endpoint = (Map<?, ?>) each;
            line((String) endpoint.get("protocol"), "%s", endpoint.get("address"));
        }
    }

    private void line(String name, String format, Object... values) {
        lines.append(String.format(Locale.ROOT, "%-9s", name))
                .append(String.format(Locale.ROOT, format, values))
                .append('\n');
    }

    private static double number(Map<?, ?> members, String name) {
        return ((Number) members.get(name)).doubleValue();
    }

    /** Returns seconds as a person says them, with two units at most. */
    static String duration(double seconds) {
        long whole = (long) seconds;
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
