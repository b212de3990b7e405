// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.sorting;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowSorterTest {
    @TempDir
    Path directory;

    @Test
    void rowsComeInTheOrderOfTheirColumnsFromMemoryAndFromFiles() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            long[][] rows = new long[random.nextInt(3000)][];
            // With room for five rows there are more files than one merge takes.
            int valuesMax = random.nextBoolean() ? 1 << 20 : 10 + random.nextInt(20);
            try (RowSorter sorter = new RowSorter(2, directory, valuesMax)) {
                for (int i = 0; i < rows.length; i++) {
                    rows[i] = new long[] {random.nextInt(500), random.nextLong()};
                    sorter.add(rows[i]);
                }
                Arrays.sort(rows, Arrays::compare);
                try (SortedRows sorted = sorter.sorted()) {
                    assertRows(rows, 0, sorted.scan());
                    long least = random.nextInt(520);
                    int first =
                            (int) Stream.of(rows).filter(row -> row[0] < least).count();
                    assertRows(rows, first, sorted.scanFrom(least));
                }
            }
            try (Stream<Path> left = Files.list(directory)) {
                assertEquals(0, left.count());
            }
        });
    }

    private static void assertRows(long[][] expected, int first, SortedRows.Scan found) throws Exception {
        try (found) {
            for (int i = first; i < expected.length; i++) {
                assertTrue(found.next());
                assertArrayEquals(expected[i], new long[] {found.get(0), found.get(1)});
            }
            assertFalse(found.next());
        }
    }
}
