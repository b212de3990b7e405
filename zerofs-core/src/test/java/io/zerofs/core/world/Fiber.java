// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.Collection;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** A thread of a {@link World}, which runs only in its turns. */
class Fiber extends Thread implements Machine.Carrier {
    private static final Pattern MACHINERY = Pattern.compile("java\\..*|.*\\.(Fiber|World|Simulated[A-Za-z]+)([$].*)?");

    private final SimulatedProcess process;
    private final Runnable work;
    private final long number;
    private final Semaphore turn = new Semaphore(0);
    private Wait current;
    /** The owners of the lock for which the thread waits, or null. */
    private Supplier<Collection<Fiber>> owners;

    private int locks;
    private boolean ended;

    Fiber(SimulatedProcess process, String name, Runnable work, long number) {
        super(process.name() + " " + name);
        this.process = process;
        this.work = work;
        this.number = number;
        setDaemon(true);
        ThreadChance.number(this, number);
    }

    /** Returns the fiber that has its turn; null outside of worlds. */
    static Fiber current() {
        return Thread.currentThread() instanceof Fiber fiber ? fiber : null;
    }

    @Override
    public void run() {
        turn.acquireUninterruptibly();
        ThreadChance.seed(number);
        try {
            dieIfKilled();
            work.run();
            if (locks > 0) {
                throw new AssertionError(getName() + " has ended and holds locks: " + locks);
            }
        } catch (Machine.Crashed e) {
            // The end of a killed process.
        } catch (Throwable e) {
            if (process.isAlive()) {
                process.world().fail(e);
            }
        } finally {
            ended = true;
            process.ended(this);
        }
    }

    @Override
    public Machine machine() {
        return process.machine();
    }

    SimulatedProcess process() {
        return process;
    }

    long number() {
        return number;
    }

    /** Counts the locks that the thread takes, negative for those that it releases. */
    void holds(int more) {
        locks += more;
    }

    int locks() {
        return locks;
    }

    boolean hasEnded() {
        return ended;
    }

    void takeTurn() {
        if (getState() == State.NEW) {
            start();
        }
        turn.release();
    }

    void awaitTurn() {
        turn.acquireUninterruptibly();
    }

    void dieIfKilled() {
        if (!process.isAlive()) {
            throw new Machine.Crashed();
        }
    }

    /** Returns the thread that keeps this one from a lock, at last, and itself waits for time or an event; null if none. */
    Fiber sleeper() {
        if (owners == null) {
            return current != null && current.parked && current.interruptible && !current.ended ? this : null;
        }
        for (Fiber owner : owners.get()) {
            Fiber sleeper = owner.sleeper();
            if (sleeper != null) {
                return sleeper;
            }
        }
        return null;
    }

    /** Begins a wait, which another thread or a timer can end from now on. */
    Wait newWait() {
        current = new Wait(this);
        return current;
    }

    /** Ends the wait of a thread that can be interrupted in it. */
    void wakeInterrupted() {
        if (current != null && current.interruptible) {
            current.end();
        }
    }

    /** One wait. It ends once. */
    static final class Wait {
        private final Fiber fiber;
        private boolean parked;
        private boolean interruptible;
        private boolean ended;

        private Wait(Fiber fiber) {
            this.fiber = fiber;
        }

        /** Waits for a lock. */
        void parkFor(Supplier<Collection<Fiber>> owners) {
            fiber.owners = owners;
            park();
            fiber.owners = null;
        }

        /** Gives the turn away until the wait ends. */
        void park() {
            fiber.dieIfKilled();
            if (!ended) {
                parked = true;
                fiber.process.checkLoops();
                fiber.process.world().dispatch(fiber);
            }
            fiber.current = null;
        }

        /**
         * Parks, at most for a time if it is not negative, and ends with an interrupt.
         *
         * @return whether the time was not over
         */
        boolean parkInterruptibly(long nanosMax) throws InterruptedException {
            if (fiber instanceof NonBlockingThread) {
                fiber.process.world().fail(new AssertionError("an event loop waits"));
            }
            boolean[] late = {false};
            if (!fiber.isInterrupted()) {
                interruptible = true;
                if (nanosMax >= 0) {
                    fiber.process.world().after(nanosMax, () -> late[0] = end());
                }
                park();
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            return !late[0];
        }

        /** Lets the thread go on. Returns false if it has done so already. */
        boolean end() {
            boolean first = !ended;
            ended = true;
            if (first && parked && fiber.process.isAlive()) {
                fiber.process.world().makeReady(fiber);
            }
            return first;
        }
    }

    String describe() {
        StringBuilder text = new StringBuilder(getName()).append(current != null ? " waits" : " is ready");
        for (StackTraceElement element : getStackTrace()) {
            if (!MACHINERY.matcher(element.getClassName()).matches()) {
                text.append("\n    ").append(element);
            }
        }
        return text.toString();
    }
}
