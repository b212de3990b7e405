// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.vfs.FsError;
import io.zerofs.server.nbd.NbdErrors;
import io.zerofs.server.nfs3.Nfs3Errors;
import io.zerofs.server.ninep.NinePErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** With {@code -Dzerofs.rewrite=true} the page is brought up to date instead of compared. */
class ErrorsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "errors.md");
    private static final String MARK = "<!-- A test generates the table from the program's enums. -->\n\n";

    private static String table() {
        StringBuilder table =
                new StringBuilder("| file system | NFS version 3 | 9P2000.L | NBD |\n| --- | --- | --- | --- |\n");
        for (FsError error : FsError.values()) {
            table.append("| ").append(error);
            table.append(" | NFS3ERR_").append(Nfs3Errors.status(error));
            table.append(" | ").append(NinePErrors.of(error));
            table.append(" | ").append(NbdErrors.of(error)).append(" |\n");
        }
        return table.toString();
    }

    @Test
    void thePageNamesEveryErrorAsTheProtocolsDo() throws IOException {
        String page = Files.readString(PAGE);
        String prose = page.substring(0, page.indexOf(MARK) + MARK.length());
        if (Boolean.getBoolean("zerofs.rewrite")) {
            Files.writeString(PAGE, prose + table());
        }
        assertEquals(prose + table(), Files.readString(PAGE));
    }
}
