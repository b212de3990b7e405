// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Mutations;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Files of any bytes are read as a configuration or refused with a short message. */
final class ConfigFuzzTest {
    private static final int ROUNDS = 3_000;

    @Test
    void anyFileIsReadOrRefused() throws Exception {
        Mutations.run(
                List.of(
                        template(),
                        text("[cache]\ndir = \"/c\"\ndisk_size_gb = 1.0\n[storage]\nurl = \"file:///s\"\n"
                                + "encryption_password = \"${PASSWORD}\"\n[servers.nfs]\nport = 2049\n"),
                        text("cache = { dir = \"/c\", memory_size_gb = 1e1 }\nstorage.url = 's3://b/p'\n"
                                + "storage.encryption_password = \"correct horse\"\n[aws]\nallow_http = \"true\"\n"),
                        text(
                                "[servers]\nnbd = { addresses = [\"127.0.0.1:1\", \"[::1]:2\"] }\n[[servers.nfs]]\nport=1\n"),
                        text("d#n = \"" + "-".repeat(1_000) + "\"\n"),
                        text("a = \"$${b}\"\nc = \"\"\"${HOME}\\\n \"\"\"\nd = 1979-05-27T07:32:00Z\n[e.\"f.g\"]\n")),
                ROUNDS,
                ConfigFuzzTest::fuzzerTestOneInput);
    }

    private static byte[] template() throws Exception {
        try (InputStream template = ZerofsConfig.class.getResourceAsStream("/io/zerofs/cli/template.toml")) {
            return template.readAllBytes();
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The content of a file. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        String toml = new String(input, StandardCharsets.UTF_8);
        try {
            new ConfigLoader(name -> name.length() < 20 ? Optional.of(text("/x")) : Optional.empty())
                    .parse("zerofs.toml", toml);
        } catch (ConfigException e) {
            assertTrue(e.getMessage().length() < 1_000, e.getMessage());
        }
    }
}
