// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.random;

import java.util.concurrent.ThreadLocalRandom;

/** Gives random tests their seed: {@code -Dzerofs.seed=N} replays one, and a failing test names the one it used. */
public final class Seeds {
    private static final String PROPERTY = "zerofs.seed";

    private Seeds() {}

    /** A test body that depends on a seed. */
    @FunctionalInterface
    public interface Body {
        void run(long seed) throws Exception;
    }

    /** Runs the body with the given seed, or with a fresh one, and adds the seed to whatever it throws. */
    public static void run(Body body) throws Exception {
        run(1, body);
    }

    /** Runs the body with several fresh seeds, or once with the given one. */
    public static void run(int times, Body body) throws Exception {
        String given = System.getProperty(PROPERTY, "");
        if (!given.isEmpty()) {
            runOne(Long.parseLong(given), body);
            return;
        }
        for (int i = 0; i < times; i++) {
            runOne(ThreadLocalRandom.current().nextLong(), body);
        }
    }

    private static void runOne(long seed, Body body) throws Exception {
        try {
            body.run(seed);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("failed with -D" + PROPERTY + "=" + seed, e);
        }
    }
}
