// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.random;

import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/**
 * Gives random tests their seeds. A failing test names the one it used, and {@code -Dzerofs.seed=N} replays it.
 * {@code -Dzerofs.seeds.from=N} derives all seeds from one number.
 */
public final class Seeds {
    private static final String PROPERTY = "zerofs.seed";
    private static final String FROM = "zerofs.seeds.from";

    private Seeds() {}

    /** A test body that depends on a seed. */
    @FunctionalInterface
    public interface Body {
        void run(long seed) throws Exception;
    }

    /** Runs the body with the given seed, or with another one, and adds the seed to whatever it throws. */
    public static void run(Body body) throws Exception {
        run(1, body);
    }

    /** Runs the body with several seeds, or once with the given one. */
    public static void run(int times, Body body) throws Exception {
        long[] seeds = seeds(System.getProperty(PROPERTY, ""), System.getProperty(FROM, ""), times);
        for (long seed : seeds) {
            runOne(seed, body);
        }
    }

    /**
     * Returns the seeds of a test.
     *
     * @param given the only seed, or empty
     * @param from the number from which to derive seeds, or empty for fresh ones
     */
    static long[] seeds(String given, String from, int times) {
        if (!given.isEmpty()) {
            return new long[] {Long.parseLong(given)};
        }
        RandomGenerator source =
                from.isEmpty() ? ThreadLocalRandom.current() : new SplittableRandom(Long.parseLong(from));
        return LongStream.generate(source::nextLong).limit(times).toArray();
    }

    private static void runOne(long seed, Body body) throws Exception {
        try {
            body.run(seed);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("failed with -D" + PROPERTY + "=" + seed, e);
        }
    }
}
