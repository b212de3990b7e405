// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** With {@code -Dzerofs.rewrite=true} the page is brought up to date instead of compared. */
class ConfigurationPageTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");
    private static final String MARK = "<!-- A test generates the tables from the program's records. -->\n\n";

    @Test
    void thePageDescribesEveryKeyAsTheProgramReadsIt() throws IOException {
        String page = Files.readString(PAGE);
        String prose = page.substring(0, page.indexOf(MARK) + MARK.length());
        if (Boolean.getBoolean("zerofs.rewrite")) {
            Files.writeString(PAGE, prose + ConfigurationPage.tables());
        }
        assertEquals(prose + ConfigurationPage.tables(), Files.readString(PAGE));
    }
}
