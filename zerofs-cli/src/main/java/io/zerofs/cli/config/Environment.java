// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The environment variables of a process as bytes. Java decodes them in the process's locale and loses every byte that does
 * not fit. Under systemd, which sets no locale, different passwords with letters beyond ASCII would be the same.
 */
@FunctionalInterface
public interface Environment {
    /** Returns the bytes of a variable; empty if it is not set. */
    Optional<byte[]> valueOf(String name);

    /** Returns the variables at the start of this process. */
    static Environment process() {
        try {
            return parse(Files.readAllBytes(Path.of("/proc/self/environ")));
        } catch (IOException e) {
            // Not Linux, or /proc is not readable.
            return name -> Optional.ofNullable(System.getenv(name)).map(value -> encode(name, value));
        }
    }

    /** @param block the kernel's form: {@code NAME=value} with a zero after each */
    static Environment parse(byte[] block) {
        // One byte is one character here, so that we can search names and lose no byte.
        String text = new String(block, StandardCharsets.ISO_8859_1);
        Map<String, byte[]> variables = new HashMap<>();
        for (String variable : text.split("\0")) {
            int end = variable.indexOf('=');
            if (end > 0) {
                // The first of two variables with one name counts, as in getenv(3).
                variables.putIfAbsent(
                        variable.substring(0, end), variable.substring(end + 1).getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return name -> Optional.ofNullable(variables.get(name));
    }

    private static byte[] encode(String name, String value) {
        if (value.indexOf('\uFFFD') >= 0) {
            throw new IllegalArgumentException("environment variable " + name
                    + " has characters that this locale does not have; set LC_ALL=C.UTF-8");
        }
        return value.getBytes(Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")));
    }
}
