// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.server.load.SoakHistory.Content;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The soak notices a lost change, a gap and a wrong byte. */
final class SoakHistoryTest {
    private final SoakHistory history = new SoakHistory(new TreeMap<>());

    private static SortedMap<String, Content> files(long... blocks) {
        SortedMap<String, Content> files = new TreeMap<>();
        files.put("f", new Content(7, blocks));
        return files;
    }

    @Test
    void aPrefixOfTheChangesSinceTheFsyncSurvivesACrash() {
        history.begun(files(1));
        history.durable();
        history.begun(files(1, 2));
        history.begun(files(1, 2, 3));
        history.recovered(files(1, 2), false);
        assertEquals(files(1, 2), history.now());
    }

    @Test
    void aChangeBeforeTheFsyncMustNotBeLost() {
        history.begun(files(1));
        history.durable();
        assertThrows(SoakFailure.class, () -> history.recovered(new TreeMap<>(), false));
    }

    @Test
    void aGapIsNoPrefix() {
        history.begun(files(1));
        history.begun(files(1, 2));
        assertThrows(SoakFailure.class, () -> history.recovered(files(0, 2), false));
    }

    @Test
    void anOrderlyEndLosesNoAnsweredChange() {
        history.begun(files(1));
        history.answered();
        history.begun(files(1, 2));
        assertThrows(SoakFailure.class, () -> history.recovered(new TreeMap<>(), true));
        history.recovered(files(1), true);
    }

    @Test
    void aSavedStateIsReadAgain(@TempDir Path directory) throws Exception {
        history.begun(files(1, 0, 3));
        history.save(directory.resolve("state"));
        assertEquals(history.now(), SoakHistory.load(directory.resolve("state")));
    }

    @Test
    void blocksTellTheirNumbersAndAWrongByte() {
        long[] numbers = {5, 0, 1L << 50};
        byte[] bytes = SoakBlocks.bytes(numbers);
        assertArrayEquals(numbers, SoakBlocks.numbers(bytes));
        bytes[2 * SoakBlocks.BYTES - 1] = 1;
        assertThrows(SoakFailure.class, () -> SoakBlocks.numbers(bytes));
    }
}
