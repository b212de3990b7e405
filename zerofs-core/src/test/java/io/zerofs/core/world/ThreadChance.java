// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.lang.reflect.Field;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Decides about the random numbers that libraries draw from {@link ThreadLocalRandom}, such as those of Caffeine, which admit
 * entries to a cache. Needs {@code --add-opens java.base/java.util.concurrent=ALL-UNNAMED}.
 */
final class ThreadChance {
    /** The number that the random numbers of the next thread begin with. */
    private static final AtomicLong SEEDER = seeder();

    private ThreadChance() {}

    private static AtomicLong seeder() {
        try {
            Field field = ThreadLocalRandom.class.getDeclaredField("seeder");
            field.setAccessible(true);
            return (AtomicLong) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("this JDK seeds threads in another way", e);
        }
    }

    /** Decides about the numbers of the calling thread, which has not drawn any. */
    static void seed(long seed) {
        long others = SEEDER.getAndSet(seed);
        ThreadLocalRandom.current();
        SEEDER.set(others);
    }
}
