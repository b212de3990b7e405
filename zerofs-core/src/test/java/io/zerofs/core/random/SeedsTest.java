// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class SeedsTest {
    @Test
    void aGivenSeedRunsOnceAndAlone() {
        assertArrayEquals(new long[] {-7}, Seeds.seeds("-7", "5", 1000));
    }

    @Test
    void oneNumberGivesManySeedsAndTheSameOnesAgain() {
        long[] seeds = Seeds.seeds("", "5", 1000);
        assertEquals(1000, Arrays.stream(seeds).distinct().count());
        assertArrayEquals(seeds, Seeds.seeds("", "5", 1000));
        assertFalse(Arrays.equals(seeds, Seeds.seeds("", "6", 1000)));
    }

    @Test
    void withoutANumberSeedsAreFresh() {
        assertFalse(Arrays.equals(Seeds.seeds("", "", 10), Seeds.seeds("", "", 10)));
    }
}
