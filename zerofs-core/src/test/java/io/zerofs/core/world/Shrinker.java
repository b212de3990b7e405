// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Searches for a short world that fails as the world of a seed does. It leaves out events of each kind, first all of them,
 * then halves, quarters and so on, and returns to those that the failure needs. Confined to one thread.
 */
public final class Shrinker {
    private final long seed;
    private final World.Simulation simulation;
    private final int triesMax;
    private final long deadline;
    private int tries;
    private Shrunk best;
    /** The failure that a shorter world must have, too. */
    private String signature;

    /**
     * A world that fails.
     *
     * @param asked the events of each kind, with those that it leaves out
     * @param happened the events of each kind that happened
     * @param history the last notes of the world
     * @param tries the number of worlds that ran until this one was found
     */
    public record Shrunk(
            long seed,
            Omissions omissions,
            Throwable failure,
            Map<String, Integer> asked,
            Map<String, Integer> happened,
            List<String> history,
            int tries) {}

    /** @param time after which it begins no further world */
    public Shrinker(long seed, World.Simulation simulation, int triesMax, Duration time) {
        this.seed = seed;
        this.simulation = simulation;
        this.triesMax = triesMax;
        this.deadline = System.nanoTime() + time.toNanos();
    }

    /** Returns a world with the same failure; null if the seed does not repeat it. */
    public Shrunk shrink(Throwable failure) {
        signature = signature(failure);
        if (!tryWith(Omissions.NONE)) {
            return null;
        }
        int before;
        do {
            before = best.tries;
            for (int parts = 1; omitParts(parts); ) {
                parts *= 2;
            }
        } while (hasTime() && best.tries > before);
        return best;
    }

    /** Cuts the events of each kind into parts, and leaves out one part after the other. Returns whether smaller parts exist. */
    private boolean omitParts(int parts) {
        // Rare events decide about many others. The order of threads comes last, because it fits the other events.
        List<String> kinds = best.happened.entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, Integer>>comparingInt(
                                kind -> World.ORDER.contains(kind.getKey()) ? 1 : 0)
                        .thenComparing(Map.Entry.comparingByValue())
                        .thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .toList();
        boolean smaller = false;
        for (String kind : kinds) {
            int all = best.asked.getOrDefault(kind, 0);
            int size = (all + parts - 1) / parts;
            // Parts of one event were tried already.
            for (int end = parts / 2 < all ? all : 0; end > 0 && hasTime(); end -= size) {
                omit(kind, Math.max(0, end - size), end);
            }
            smaller |= size > 1;
        }
        return smaller && hasTime();
    }

    private void omit(String kind, int first, int end) {
        int all = best.asked.getOrDefault(kind, 0);
        boolean any =
                IntStream.range(first, Math.min(end, all)).anyMatch(number -> !best.omissions.contain(kind, number));
        if (any) {
            tryWith(best.omissions.with(kind, first, end < all ? end : Integer.MAX_VALUE));
        }
    }

    private boolean hasTime() {
        return tries < triesMax && System.nanoTime() < deadline;
    }

    /** Runs a world. Returns whether it fails in the same way. */
    private boolean tryWith(Omissions omissions) {
        tries++;
        World world = new World(seed, omissions);
        try {
            simulation.in(world);
            return false;
        } catch (Exception | AssertionError e) {
            if (!signature(e).equals(signature)) {
                return false;
            }
            best = new Shrunk(seed, omissions, e, world.asked(), world.happened(), world.history(), tries);
            return true;
        }
    }

    /** Returns the classes of a failure and its causes, each with the place in our code. Messages contain details. */
    private static String signature(Throwable failure) {
        return Stream.iterate(failure, each -> each != null, Throwable::getCause)
                .map(each -> each.getClass().getName()
                        + Arrays.stream(each.getStackTrace())
                                .filter(frame -> frame.getClassName().startsWith("io.zerofs."))
                                .findFirst()
                                .map(StackTraceElement::toString)
                                .orElse(""))
                .collect(Collectors.joining(" "));
    }
}
