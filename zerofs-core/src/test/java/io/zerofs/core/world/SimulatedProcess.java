// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import io.zerofs.core.runtime.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** A process of a {@link World}: threads that live and die together, with a machine of their own. */
public final class SimulatedProcess {
    private static final long FAREWELL_MILLIS = 60_000;

    private final World world;
    private final String name;
    private final SimulatedMachine machine;
    private final Set<Fiber> fibers = new LinkedHashSet<>();
    private final List<Fiber> loops = new ArrayList<>();
    private volatile boolean alive = true;
    private boolean frozen;

    SimulatedProcess(World world, String name, SplittableRandom random) {
        this.world = world;
        this.name = name;
        this.machine = new SimulatedMachine(this, random);
    }

    /** Starts a thread. It runs when its turn comes. */
    public Machine.Task spawn(String task, Runnable work) {
        Fiber fiber = new Fiber(this, task, work, world.nextNumber());
        add(fiber);
        return machine.task(fiber);
    }

    private void add(Fiber fiber) {
        fibers.add(fiber);
        if (alive) {
            world.makeReady(fiber);
        }
    }

    /** Starts an event loop. */
    public SimulatedLoop newLoop(String task) {
        SimulatedLoop loop = new SimulatedLoop(this, task, world.nextNumber());
        loops.add(loop.fiber());
        add(loop.fiber());
        return loop;
    }

    /** Fails if an event loop waits for a lock whose owner waits for time or an event, such as an answer of the store. */
    void checkLoops() {
        for (Fiber loop : loops) {
            Fiber sleeper = loop.sleeper();
            if (sleeper != null && alive) {
                world.fail(new AssertionError("an event loop waits for a thread that waits:\n" + loop.describe() + "\n"
                        + sleeper.describe()));
            }
        }
    }

    /** Ends all threads where they rest, as SIGKILL does. The caller belongs to another process or to none. */
    public void kill() {
        if (!alive) {
            return;
        }
        alive = false;
        world.forget(this);
        for (Fiber fiber : List.copyOf(fibers)) {
            if (fiber == Fiber.current()) {
                throw new IllegalStateException("a thread kills its own process");
            }
            if (fiber.getState() != Thread.State.NEW && !fiber.hasEnded()) {
                fiber.takeTurn();
                join(fiber);
            }
        }
    }

    private static void join(Fiber fiber) {
        try {
            fiber.join(FAREWELL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (fiber.isAlive()) {
            throw new AssertionError("outlives its process: " + fiber.describe());
        }
    }

    /** Takes or gives back the turns of all threads, as SIGSTOP and SIGCONT do. */
    public void setFrozen(boolean on) {
        frozen = on;
    }

    /** Moves the wall clock of the process. */
    public void jump(Duration offset) {
        machine.jump(offset);
    }

    public boolean isAlive() {
        return alive;
    }

    public Machine machine() {
        return machine;
    }

    public World world() {
        return world;
    }

    /** Returns the number of threads that have not ended. */
    public int threads() {
        return fibers.size();
    }

    String name() {
        return name;
    }

    boolean isRunning() {
        return !frozen;
    }

    Set<Fiber> fibers() {
        return fibers;
    }

    /** Hands on the turn of a fiber that has ended. */
    void ended(Fiber fiber) {
        if (alive) {
            fibers.remove(fiber);
            loops.remove(fiber);
            machine.ended(fiber);
            world.dispatch(fiber);
        }
    }
}
