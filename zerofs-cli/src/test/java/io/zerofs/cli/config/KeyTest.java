// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tomlj.Toml;

class KeyTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "64",
                "65534",
                "30.0",
                "0.25",
                "3600.0",
                "-1",
                "1_000",
                "1e3",
                "true",
                "false",
                "\"0755\"",
                "\"/\"",
                "\"127.0.0.1\"",
                "\"a\\tb\"",
                "'x'",
                "\"\"",
                "[]"
            })
    void aDefaultIsWhatTheParserMakesOfIt(String text) {
        Object parsed = Toml.parse("x=" + text).get(List.of("x"));
        Optional<Object> value = new Key("x", String.class, false, false, null, text).defaultValue();
        assertEquals(parsed.getClass(), value.orElseThrow().getClass());
        if (!text.equals("[]")) { // which has no equals
            assertEquals(parsed, value.orElseThrow());
        }
    }
}
