// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Prints the findings of a check when they are made, as text or as one JSON object per line. One thread. */
final class FsckOutput {
    private final PrintStream out;
    private final boolean json;
    private PrintStream report;
    private long problems;
    private long repaired;

    FsckOutput(PrintStream out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** Also writes each line to a report, as JSON, from now on. */
    void reportTo(PrintStream file) {
        report = file;
    }

    /** Returns the number of changes of a repair. */
    long repaired() {
        return repaired;
    }

    /** Prints a change. */
    void repaired(String path, long inode, String what) {
        repaired++;
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", path);
        fields.put("inode", inode);
        fields.put("change", what);
        print("repaired", "repaired: " + (path.isEmpty() ? "" : path + ": ") + what, fields);
    }

    /** Counts the problems from here on: those that a check finds after the repair. */
    void endRepair() {
        problems = 0;
    }

    /** Returns the number of problems so far. */
    long problems() {
        return problems;
    }

    /** Prints a fact that is no problem. */
    void fact(String kind, String text, Map<String, Object> fields) {
        print(kind, text, fields);
    }

    /** Prints a problem of a file. */
    void file(String path, long inode, String problem) {
        problems++;
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", path);
        fields.put("inode", inode);
        fields.put("problem", problem);
        print("file", path + ": " + problem, fields);
    }

    /** Prints a problem of the volume or of an object. */
    void volume(String problem) {
        problems++;
        print("volume", problem, Map.of("problem", problem));
    }

    /** Prints bytes that a file has lost, from {@code from} up to but not including {@code end}. */
    void lost(String path, long inode, long from, long end, String why) {
        problems++;
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", path);
        fields.put("inode", inode);
        fields.put("from", from);
        fields.put("end", end);
        fields.put("reason", why);
        print("lost", path + ": bytes " + from + " to " + (end - 1) + " are lost: " + why, fields);
    }

    /** The report took a line and does not have all of it. A repair makes no change that its report lacks. */
    static final class ReportLostException extends RuntimeException {
        private static final long serialVersionUID = 1;

        ReportLostException() {
            super("the report cannot be written, perhaps because its disk is full; name another file with --report");
        }
    }

    private void print(String kind, String text, Map<String, Object> fields) {
        String object = object(kind, fields);
        out.println(json ? object : text);
        if (report != null) {
            report.println(object);
            if (report.checkError()) {
                throw new ReportLostException();
            }
        }
    }

    private static String object(String kind, Map<String, Object> fields) {
        StringBuilder line = new StringBuilder("{\"kind\":").append(quoted(kind));
        fields.forEach((name, value) -> line.append(',')
                .append(quoted(name))
                .append(':')
                .append(value instanceof String string ? quoted(string) : String.valueOf(value)));
        return line.append('}').toString();
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
