// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Ties golden bytes to their format's version. A file of pins has a line for each name, version and digest. Lines are only
 * added: {@code ci/tidy} finds a line that the history had. So bytes cannot change while their version stays.
 */
public final class PinnedFormats {
    private PinnedFormats() {}

    /**
     * Fails if golden bytes have no pin.
     *
     * @param resource name of the golden file without its ending
     * @param versionOf the version in which the bytes of a name are written
     */
    public static void check(String resource, ToIntFunction<String> versionOf) throws IOException {
        GoldenBytes golden = GoldenBytes.load(resource + ".hex");
        byte[] pins = PinnedFormats.class
                .getResourceAsStream("/golden/" + resource + ".pins")
                .readAllBytes();
        List<String> pinned = new String(pins, StandardCharsets.UTF_8).lines().toList();
        List<String> missing = golden.names().stream()
                .map(name -> name + " " + versionOf.applyAsInt(name) + " " + digest(golden.get(name)))
                .filter(line -> !pinned.contains(line))
                .toList();
        assertEquals(
                List.of(),
                missing,
                () -> "a changed format needs a new version; only then, or for a new name, add lines to golden/"
                        + resource + ".pins:\n" + String.join("\n", missing) + "\n");
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
