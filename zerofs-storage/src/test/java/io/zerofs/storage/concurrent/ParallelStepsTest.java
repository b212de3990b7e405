// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.concurrent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ParallelStepsTest {
    static Stream<Throwable> failures() {
        return Stream.of(new IllegalStateException("of a test"), new OutOfMemoryError("of a test"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void anErrorOfAStepOnAnotherThreadReachesTheCaller(Throwable failure) {
        Thread caller = Thread.currentThread();
        CountDownLatch helping = new CountDownLatch(1);
        ParallelSteps parallel = new ParallelSteps(work -> new Thread(work).start(), 1);
        Throwable thrown = assertThrows(
                Throwable.class,
                () -> parallel.run(2, step -> {
                    if (Thread.currentThread() != caller) {
                        helping.countDown();
                        ParallelStepsTest.<RuntimeException>sneak(failure);
                    }
                    awaitUninterrupted(helping);
                }));
        assertEquals(failure, thrown);
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable failure) throws E {
        throw (E) failure;
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anInterruptIsKeptAndEndsNoWait() {
        Thread caller = Thread.currentThread();
        CountDownLatch helping = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicBoolean helped = new AtomicBoolean();
        ParallelSteps parallel = new ParallelSteps(work -> new Thread(work).start(), 1);
        parallel.run(2, step -> {
            if (Thread.currentThread() == caller) {
                awaitUninterrupted(helping);
                caller.interrupt();
                interrupted.countDown();
            } else {
                helping.countDown();
                awaitUninterrupted(interrupted);
                while (caller.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                helped.set(true);
            }
        });
        assertTrue(Thread.interrupted());
        assertTrue(helped.get());
    }

    @Test
    void whereNoThreadCanBeHadTheCallerDoesAll() {
        ParallelSteps parallel = new ParallelSteps(
                work -> {
                    throw new OutOfMemoryError("unable to create native thread");
                },
                3);
        AtomicInteger done = new AtomicInteger();
        parallel.run(5, step -> done.incrementAndGet());
        assertEquals(5, done.get());
    }
}
