// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code ci/mutations.list}, whose first lines explain its form. */
final class MutationList {
    private MutationList() {}

    /** Returns the mutations by name, in the order of the file. */
    static Map<String, Mutation> read(Path file) throws IOException {
        Map<String, Mutation> mutations = new LinkedHashMap<>();
        List<String> block = new ArrayList<>();
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        lines.add("");
        for (String line : lines) {
            if (!line.isBlank()) {
                block.add(line);
            } else if (!block.isEmpty()) {
                if (!block.get(0).startsWith("#")) {
                    Mutation mutation = parse(block);
                    if (mutations.put(mutation.name(), mutation) != null) {
                        throw new IllegalArgumentException("there are two mutations " + mutation.name());
                    }
                }
                block.clear();
            }
        }
        return mutations;
    }

    private static Mutation parse(List<String> block) {
        Map<String, String> fields = new HashMap<>();
        for (String line : block) {
            int end = line.indexOf(' ');
            String key = end < 0 ? line : line.substring(0, end);
            String value = end < 0 ? "" : line.substring(end + 1);
            fields.merge(key, value, (before, more) -> before + "\n" + more);
        }
        String name = required(fields, "mutation", block);
        Mutation mutation = new Mutation(
                name,
                required(fields, "breaks", block),
                required(fields, "see", block),
                required(fields, "file", block),
                required(fields, "-", block),
                required(fields, "+", block),
                List.of(required(fields, "tests", block).split(" ")));
        if (!fields.isEmpty()) {
            throw new IllegalArgumentException(name + ": unknown fields " + fields.keySet());
        }
        return mutation;
    }

    private static String required(Map<String, String> fields, String key, List<String> block) {
        String value = fields.remove(key);
        if (value == null) {
            throw new IllegalArgumentException("no line begins with \"" + key + "\" after: " + block.get(0));
        }
        return value;
    }
}
