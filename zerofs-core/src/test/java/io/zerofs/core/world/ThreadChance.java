// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.lang.reflect.Field;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Decides about the random numbers that libraries draw from {@link ThreadLocalRandom}, such as those of Caffeine, which admit
 * entries to a cache. They follow from a seed and from the number of the thread. Needs {@code --add-opens} of
 * {@code java.lang} and {@code java.util.concurrent}.
 */
final class ThreadChance {
    /** The seed that the random numbers of the next thread begin with. */
    private static final AtomicLong SEEDER;

    private static final Field THREAD_NUMBER;

    /** Far from the numbers of other threads of the JVM. */
    private static final long FIRST_NUMBER = 1L << 40;

    static {
        try {
            Field seeder = ThreadLocalRandom.class.getDeclaredField("seeder");
            seeder.setAccessible(true);
            SEEDER = (AtomicLong) seeder.get(null);
            THREAD_NUMBER = Thread.class.getDeclaredField("tid");
            THREAD_NUMBER.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("this JDK seeds threads in another way", e);
        }
    }

    private ThreadChance() {}

    /** Numbers a thread that has not started. */
    static void number(Thread thread, long number) {
        try {
            THREAD_NUMBER.setLong(thread, FIRST_NUMBER + number);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    /** Decides about the numbers of the calling thread, which has not drawn any. */
    static void seed(long seed) {
        long others = SEEDER.getAndSet(seed);
        ThreadLocalRandom.current();
        SEEDER.set(others);
    }
}
