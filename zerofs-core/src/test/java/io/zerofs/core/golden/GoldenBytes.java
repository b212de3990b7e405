// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.golden;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Named byte strings from a commented file of hex digits. */
public final class GoldenBytes {
    private final Map<String, byte[]> byName = new LinkedHashMap<>();

    public static GoldenBytes load(String resource) throws IOException {
        GoldenBytes golden = new GoldenBytes();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                GoldenBytes.class.getResourceAsStream("/golden/" + resource), StandardCharsets.UTF_8))) {
            String name = null;
            StringBuilder digits = new StringBuilder();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("[")) {
                    golden.put(name, digits);
                    name = line.substring(1, line.indexOf(']'));
                } else {
                    digits.append(line.replaceFirst("#.*", "").replace(" ", ""));
                }
            }
            golden.put(name, digits);
        }
        return golden;
    }

    private void put(String name, StringBuilder digits) {
        if (name != null) {
            byName.put(name, HexFormat.of().parseHex(digits));
        }
        digits.setLength(0);
    }

    public Set<String> names() {
        return byName.keySet();
    }

    public byte[] get(String name) {
        if (!byName.containsKey(name)) {
            throw new IllegalArgumentException("no golden bytes are called \"" + name + "\"");
        }
        return byName.get(name).clone();
    }
}
