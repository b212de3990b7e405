// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Runs a simulation in worlds of random seeds. If a world fails, it reports a shorter one and the command that repeats it.
 * {@code -Dzerofs.without=OMISSIONS} runs such a world, and {@code -Dzerofs.shrink=SECONDS} bounds the search.
 */
public final class Worlds {
    private static final String WITHOUT = "zerofs.without";
    private static final Duration SHRINK_MAX = Duration.ofSeconds(Integer.getInteger("zerofs.shrink", 60));
    private static final int TRIES_MAX = 1000;
    private static final StackWalker CALLERS = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private Worlds() {}

    public static void run(int times, World.Simulation simulation) throws Exception {
        run(CALLERS.getCallerClass(), times, simulation);
    }

    /** Runs each world twice, and expects the same digest. */
    public static void runTwice(int times, World.Simulation simulation) throws Exception {
        run(CALLERS.getCallerClass(), times, world -> {
            simulation.in(world);
            World second = world.again();
            simulation.in(second);
            assertEquals(world.digest(), second.digest(), "the digest of the second world");
        });
    }

    private static void run(Class<?> test, int times, World.Simulation simulation) throws Exception {
        Omissions given = Omissions.parse(System.getProperty(WITHOUT, ""));
        Seeds.run(times, seed -> {
            try {
                simulation.in(new World(seed, given));
            } catch (Exception | AssertionError e) {
                // A command that repeats a shrunk world asks for this world and its trace.
                if (SHRINK_MAX.isZero() || !given.toString().isEmpty()) {
                    throw e;
                }
                throw shrunk(test, seed, simulation, e);
            }
        });
    }

    private static AssertionError shrunk(Class<?> test, long seed, World.Simulation simulation, Throwable failure) {
        Shrinker.Shrunk shrunk = new Shrinker(seed, simulation, TRIES_MAX, SHRINK_MAX).shrink(failure);
        if (shrunk == null) {
            return new AssertionError("a second world of the seed does not fail in the same way", failure);
        }
        String module = Path.of("").toAbsolutePath().getFileName().toString();
        String report = "in %d worlds the shortest that fails has the events %s%n"
                + "replay: mvn -pl %s -am test -Dtest=%s -Dsurefire.failIfNoSpecifiedTests=false -Dzerofs.seed=%d -D%s=%s%n%s";
        return new AssertionError(
                String.format(
                        report,
                        shrunk.tries(),
                        shrunk.happened(),
                        module,
                        test.getSimpleName(),
                        seed,
                        WITHOUT,
                        shrunk.omissions(),
                        String.join("\n", shrunk.history())),
                shrunk.failure());
    }
}
