// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TemplateTest {
    private static String template() throws IOException {
        try (InputStream in = TemplateTest.class.getResourceAsStream("/io/zerofs/cli/template.toml")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static ZerofsConfig load(String toml) throws ConfigException {
        return new ConfigLoader(
                        name -> Optional.of((name.equals("HOME") ? "/home/u" : "x").getBytes(StandardCharsets.UTF_8)))
                .parse("template", toml);
    }

    @Test
    void loadsAsItIs() throws IOException, ConfigException {
        ZerofsConfig config = load(template());
        assertTrue(config.servers().nfs().isPresent());
        assertTrue(config.servers().ninep().isPresent());
        assertTrue(config.servers().nbd().isPresent());
    }

    @Test
    void everythingCommentedOutIsValidToo() throws IOException, ConfigException {
        String all = template().replaceAll("(?m)^# (?=\\[|[a-z_]+ = )", "");
        ZerofsConfig config = load(all);
        assertTrue(config.aws().isPresent());
        assertTrue(config.azure().isPresent());
        assertEquals(100.0, config.filesystem().maxSizeGb().orElseThrow());
    }

    @Test
    void mentionsEveryKey() throws IOException {
        assertMentioned(ZerofsConfig.class, template());
    }

    private static void assertMentioned(Class<? extends Record> type, String template) {
        for (Key key : Key.of(type)) {
            if (key.isSection()) {
                assertMentioned(key.sectionType(), template);
            } else {
                String line = "(?m)^(# )?" + Pattern.quote(key.name()) + " = ";
                assertTrue(Pattern.compile(line).matcher(template).find(), key.name() + " is not in the template");
            }
        }
    }
}
