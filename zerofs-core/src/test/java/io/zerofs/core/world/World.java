// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import io.zerofs.core.runtime.Machine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Processes of which one thread runs at a time. A seed decides at each lock, wait, request and timer which thread continues, and
 * time jumps to the next timer when all threads wait. The same seed repeats the same history and the same {@link #digest}.
 *
 * <p>Only code that asks its {@link Machine} for time, chance, threads and locks is deterministic. A thread that waits in
 * another way holds up the world, and {@link #run} reports it. Driven by the thread that calls {@link #run}.
 */
public final class World {
    /** Switches of threads after which a world goes in circles. */
    private static final long STEPS_MAX = 20_000_000;

    /** A thread loses its turn though it could go on; a later one goes first; a timer fires while a thread could run. */
    private static final String SWITCH = "switch";

    private static final String OVERTAKING = "overtaking";
    private static final String EARLY_TIMER = "early-timer";

    /** The kinds of events that only change the order of threads. */
    static final Set<String> ORDER = Set.of(SWITCH, OVERTAKING, EARLY_TIMER);

    private static final long BEGINNING = 1_000_000_000_000L;
    private static final long WATCH_SECONDS = 10;
    private static final int HISTORY_MAX = 200;

    /** The longest time for which a thread that could run is not given a turn while time passes. */
    private static final long STALL_NANOS_MAX = 1_000_000_000;

    /** Work that may throw anything. */
    @FunctionalInterface
    public interface Body {
        void run() throws Exception;
    }

    /** A test that happens in a world, and fails with an exception. */
    @FunctionalInterface
    public interface Simulation {
        void in(World world) throws Exception;
    }

    private record Timer(long due, long number, Runnable event) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            return due != other.due ? Long.compare(due, other.due) : Long.compare(number, other.number);
        }
    }

    private final long seed;
    private final SplittableRandom chance;
    private final Omissions omissions;
    /** The events of each kind that the seed wants, and those that happened. */
    private final Map<String, Integer> asked = new TreeMap<>();

    private final Map<String, Integer> happened = new TreeMap<>();
    private final Trace trace = new Trace();
    private final Deque<String> history = new ArrayDeque<>();
    private final List<Fiber> ready = new ArrayList<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private final Set<SimulatedProcess> processes = new LinkedHashSet<>();
    private final Semaphore finished = new Semaphore(0);
    /** The chance in 1,000 that a thread keeps its turn where it could rest, and that a timer fires before all threads wait. */
    private final int keeps;

    private final int early;
    private long now = BEGINNING;
    private long numbers;
    private volatile long steps;
    private volatile Fiber running;
    private volatile Throwable failure;
    private volatile boolean over;

    /** Makes a world whose threads may stall for a moment. */
    public World(long seed) {
        this(seed, Omissions.NONE);
    }

    public World(long seed, Omissions omissions) {
        this(seed, omissions, 20);
    }

    private World(long seed, Omissions omissions, int earlyMax) {
        this.seed = seed;
        this.omissions = omissions;
        this.chance = new SplittableRandom(seed);
        this.keeps = new int[] {0, 500, 800, 950}[chance.nextInt(4)];
        this.early = chance.nextInt(earlyMax + 1);
    }

    /** Makes a world whose time passes only while no thread can run. */
    public static World punctual(long seed) {
        return new World(seed, Omissions.NONE, 0);
    }

    /**
     * Runs a first process until its body ends, and kills all processes then. Throws what a thread of the world threw, and if
     * all threads wait for each other.
     */
    public void run(Body body) throws Exception {
        SimulatedProcess first = newProcess("test");
        first.spawn("test", () -> {
            try {
                body.run();
            } catch (Exception e) {
                fail(e);
            }
            over = true;
        });
        dispatch(null);
        awaitEnd();
        over = true;
        processes.forEach(SimulatedProcess::kill);
        if (failure != null) {
            throw new AssertionError("world " + seed + " at " + now() + " ns: " + failure, failure);
        }
    }

    private void awaitEnd() throws InterruptedException {
        long seen = -1;
        while (!finished.tryAcquire(WATCH_SECONDS, TimeUnit.SECONDS)) {
            Fiber current = running;
            if (seen == steps && current != null && current.getState() != Thread.State.RUNNABLE) {
                AssertionError stuck = new AssertionError(current.getName() + " waits without its machine");
                stuck.setStackTrace(current.getStackTrace());
                throw stuck;
            }
            seen = steps;
        }
    }

    /** Makes a process with a machine of its own. */
    public SimulatedProcess newProcess(String name) {
        SimulatedProcess process = new SimulatedProcess(this, name, chance.split());
        processes.add(process);
        return process;
    }

    /** Makes another world that does the same. */
    World again() {
        return new World(seed, omissions);
    }

    public long seed() {
        return seed;
    }

    /** Returns whether an event happens without which the world could go on. The kind has its name in {@link Omissions}. */
    public boolean happens(String kind) {
        int number = asked.merge(kind, 1, Integer::sum) - 1;
        boolean happens = !omissions.contain(kind, number);
        if (happens) {
            happened.merge(kind, 1, Integer::sum);
        }
        return happens;
    }

    Map<String, Integer> asked() {
        return asked;
    }

    Map<String, Integer> happened() {
        return happened;
    }

    /** Returns the last notes, each with its time and its thread. */
    List<String> history() {
        return List.copyOf(history);
    }

    /** Returns the virtual time in nanoseconds. */
    public long now() {
        return now;
    }

    public long steps() {
        return steps;
    }

    /** Returns a digest of everything that was {@linkplain #note noted} and of all turns. */
    public long digest() {
        return trace.digest();
    }

    /** Adds an event to the trace. */
    public void note(String event) {
        trace.note(event);
        if (history.size() == HISTORY_MAX) {
            history.remove();
        }
        String who = Fiber.current() == null ? "" : Fiber.current().getName() + ": ";
        history.add(String.format(Locale.ROOT, "%.6f %s%s", (now - BEGINNING) / 1e9, who, event));
    }

    /** Ends the world with a failure. The first one counts. */
    public void fail(Throwable why) {
        if (failure == null) {
            failure = why;
        }
        over = true;
    }

    /** A point where other threads may run. Without effect outside the world's threads. */
    public void rest() {
        Fiber fiber = Fiber.current();
        if (fiber == null) {
            return;
        }
        fiber.dieIfKilled();
        if (chance.nextInt(1000) >= keeps && happens(SWITCH)) {
            ready.add(fiber);
            dispatch(fiber);
        }
    }

    void after(long nanos, Runnable event) {
        timers.add(new Timer(now + Math.max(0, nanos), numbers++, event));
    }

    void makeReady(Fiber fiber) {
        ready.add(fiber);
    }

    void forget(SimulatedProcess process) {
        ready.removeIf(fiber -> fiber.process() == process);
    }

    long nextNumber() {
        return numbers++;
    }

    /** Hands the turn to the next thread, and waits for its own next turn unless it has ended. */
    void dispatch(Fiber from) {
        if (from != null) {
            trace.rests(from);
        }
        Fiber next = over ? null : choose();
        if (next != from || next == null) {
            running = next;
            if (next == null) {
                finished.release();
            } else {
                next.takeTurn();
            }
            if (from != null && !from.hasEnded()) {
                from.awaitTurn();
            }
        }
        if (from != null && !from.hasEnded()) {
            from.dieIfKilled();
        }
    }

    private Fiber choose() {
        if (++steps > STEPS_MAX) {
            fail(new AssertionError("threads take turns for ever:" + stacks()));
            return null;
        }
        while (true) {
            boolean someoneCan =
                    ready.stream().anyMatch(fiber -> fiber.process().isRunning());
            if (!timers.isEmpty() && (!someoneCan || firesEarly())) {
                Timer next = timers.remove();
                now = Math.max(now, next.due());
                next.event().run();
            } else if (someoneCan) {
                Fiber fiber = pick();
                trace.turn(fiber.number(), now);
                return fiber;
            } else {
                fail(new AssertionError("all threads wait for each other:" + stacks()));
                return null;
            }
        }
    }

    private boolean firesEarly() {
        return chance.nextInt(1000) < early && timers.element().due() - now < STALL_NANOS_MAX && happens(EARLY_TIMER);
    }

    private Fiber pick() {
        int first = 0;
        while (!ready.get(first).process().isRunning()) {
            first++;
        }
        int drawn;
        do {
            drawn = chance.nextInt(ready.size());
        } while (!ready.get(drawn).process().isRunning());
        return ready.remove(drawn == first || happens(OVERTAKING) ? drawn : first);
    }

    private String stacks() {
        StringBuilder text = new StringBuilder();
        for (SimulatedProcess process : processes) {
            process.fibers().forEach(fiber -> text.append('\n').append(fiber.describe()));
        }
        return text.toString();
    }
}
