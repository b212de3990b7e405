// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenFilesTest {
    private static final int OPEN = 20;

    /** Returns the minimum limit in the refusal. */
    private static long least(int requests) {
        ExitException refused = assertThrows(ExitException.class, () -> OpenFiles.of(64, OPEN, requests, 1_024));
        assertEquals(ExitCode.CONFIG, refused.code());
        Matcher words = Pattern.compile(
                        "the limit of 64 open files is too low, at least (\\d+) are needed: raise it .*")
                .matcher(refused.getMessage());
        assertTrue(words.matches(), refused.getMessage());
        return Long.parseLong(words.group(1));
    }

    @Test
    void aLimitThatIsTooLowIsRefusedWithTheMinimum() throws ExitException {
        long least = least(64);
        assertThrows(ExitException.class, () -> OpenFiles.of(least - 1, OPEN, 64, 1_024));
        assertEquals(new OpenFiles(32, 8), OpenFiles.of(least, OPEN, 64, 1_024));
        assertEquals(least + 64, least(128));
    }

    /** A limit beyond the minimum, and its division. */
    @ParameterizedTest
    @CsvSource({"10, 32, 18", "60, 50, 50", "1000, 520, 520", "1900, 970, 970", "2008, 1024, 1024", "99999, 1024, 1024"
    })
    void clientsAndIndexShareTheFilesThatTheStoreLeaves(int more, int index, int connections) throws ExitException {
        assertEquals(new OpenFiles(index, connections), OpenFiles.of(least(64) + more, OPEN, 64, 1_024));
    }

    @Test
    void theIndexGetsTheFilesThatClientsDoNotNeed() throws ExitException {
        assertEquals(new OpenFiles(190, 50), OpenFiles.of(least(64) + 200, OPEN, 64, 50));
        assertEquals(new OpenFiles(1_024, 238), OpenFiles.of(-1, OPEN, 64, 238));
    }
}
