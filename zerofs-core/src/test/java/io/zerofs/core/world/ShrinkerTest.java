// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.runtime.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class ShrinkerTest {
    /** Three threads add to a number. An addition is lost if another thread has a turn meanwhile. */
    private static void loseAdditions(World world) throws Exception {
        world.run(() -> {
            AtomicInteger sum = new AtomicInteger();
            AtomicInteger expected = new AtomicInteger();
            List<Machine.Task> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                boolean works = world.happens("thread");
                threads.add(Machine.current().start("adder", () -> {
                    for (int step = 0; works && step < 20; step++) {
                        if (world.happens("step")) {
                            int before = sum.get();
                            world.rest();
                            sum.set(before + 1);
                            expected.incrementAndGet();
                            world.note("added");
                        }
                    }
                }));
            }
            for (Machine.Task thread : threads) {
                assertTrue(thread.join(TimeUnit.SECONDS.toNanos(1)));
            }
            assertEquals(expected.get(), sum.get(), "additions");
        });
    }

    /** Returns a shrunk world of the first seed that fails. */
    private static Shrinker.Shrunk shrink(long from) {
        for (long seed = from; ; seed++) {
            try {
                loseAdditions(new World(seed));
            } catch (Exception | AssertionError e) {
                return shrink(seed, e);
            }
        }
    }

    private static Shrinker.Shrunk shrink(long seed, Throwable failure) {
        return new Shrinker(seed, ShrinkerTest::loseAdditions, 2000, Duration.ofMinutes(1)).shrink(failure);
    }

    @Test
    void mostShrunkWorldsHaveOnlyTheEventsOfTheirFailure() {
        int shortest = 0;
        for (int seed = 0; seed < 20_000; seed += 1000) {
            Shrinker.Shrunk shrunk = shrink(seed);
            assertTrue(shrunk.happened().getOrDefault("switch", 0) <= 2, shrunk::toString);
            assertEquals(shrunk.happened().get("step"), shrunk.history().size(), shrunk::toString);
            shortest += shrunk.happened().get("step") == 2 && shrunk.happened().get("thread") == 2 ? 1 : 0;
        }
        assertTrue(shortest > 10, shortest + " of 20 worlds have two threads with one addition each");
    }

    @Test
    void theTextOfAShrunkWorldRepeatsIt() throws Exception {
        Seeds.run(10, from -> {
            Shrinker.Shrunk shrunk = shrink(from);
            World replay =
                    new World(shrunk.seed(), Omissions.parse(shrunk.omissions().toString()));
            AssertionError failure = assertThrows(AssertionError.class, () -> loseAdditions(replay));
            assertEquals(shrunk.failure().getMessage(), failure.getMessage());
            assertEquals(shrunk.history(), replay.history());
        });
    }

    @Test
    void anotherFailureIsNotShrunk() {
        long seed = shrink(1).seed();
        assertNull(shrink(seed, new AssertionError("a failure of another place")));
    }

    @Test
    void omissionsAreRangesOfNumbers() {
        Omissions some = Omissions.NONE
                .with("step", 3, 5)
                .with("step", 5, 8)
                .with("step", 9, 10)
                .with("step", 20, Integer.MAX_VALUE)
                .with("fault", 2, 4)
                .with("fault", 4, Integer.MAX_VALUE);
        String text = "fault:2-/step:3-7,9,20-";
        assertEquals(text, some.toString());
        assertEquals(text, Omissions.parse(text).toString());
        assertTrue(some.contain("step", 7) && some.contain("step", 30) && !some.contain("step", 8));
        assertTrue(!some.contain("fault", 1) && some.contain("fault", 2) && !some.contain("life", 0));
        assertEquals("", Omissions.parse("").toString());
    }
}
