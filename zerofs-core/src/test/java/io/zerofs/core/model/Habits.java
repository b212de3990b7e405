// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import java.util.SplittableRandom;

/**
 * The preferences of the clients of a history. Histories of different habits find more than those that do a little of all.
 *
 * @param barrierOneIn one of so many steps is a barrier
 * @param holdOneIn one of so many other steps takes or releases a hold
 * @param chunks of which files usually are
 * @param kinds numbers of the operations of which each second one is; none for any
 */
public record Habits(int barrierOneIn, int holdOneIn, int chunks, int... kinds) {
    static final Habits PLAIN = new Habits(12, 15, 1);

    private static final int MANY = 3;
    private static final int KINDS_MAX = 4;

    /** Draws habits, half of which are plain. */
    public static Habits draw(SplittableRandom random) {
        SplittableRandom own = random.split();
        if (own.nextBoolean()) {
            return PLAIN;
        }
        int barriers = own.nextInt(4) == 0 ? MANY : 12;
        int holds = own.nextInt(3) == 0 ? MANY : 15;
        int chunks = own.nextInt(3) == 0 ? MANY : 1;
        int[] kinds =
                own.ints(own.nextInt(KINDS_MAX), 0, RandomOperations.KINDS).toArray();
        if (kinds.length > 0) {
            kinds[0] = RandomOperations.CREATION;
        }
        return new Habits(barriers, holds, chunks, kinds);
    }
}
