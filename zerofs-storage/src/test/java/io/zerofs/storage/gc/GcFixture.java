// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A garbage collector of an opened volume, with a clock of its own. Its passes run when the test asks for them. */
final class GcFixture {
    static final Duration GRACE = Duration.ofMinutes(1);
    static final GcSettings SETTINGS = GcSettings.DEFAULT
            .withShare(1)
            .withRequestsMax(2)
            .withGarbageShare(0.1)
            .withGrace(GRACE)
            .withIntervals(Duration.ofSeconds(5), Duration.ofHours(1));

    final GarbageCollector collector;
    private final AtomicLong now = new AtomicLong(123_456_789);
    private Runnable scheduled;
    private long scheduledNanos;

    /** @param process whose volume was just opened */
    GcFixture(Process process) {
        this(process, SETTINGS);
    }

    GcFixture(Process process, GcSettings settings) {
        EngineRuntime real = process.runtime();
        EngineRuntime runtime = new EngineRuntime(
                real.sealing(), Runnable::run, real.uploads(), this::schedule, now::get, real.random());
        collector = new GarbageCollector(settings, runtime, process.recovered, process.volume, process.keeper);
        process.volume.setGcHook(collector);
    }

    private void schedule(long nanos, Runnable task) {
        scheduled = task;
        scheduledNanos = nanos;
    }

    /** Runs the pass that a started collector has scheduled. */
    GcFixture passByItself() {
        now.addAndGet(scheduledNanos);
        scheduled.run();
        return this;
    }

    Duration untilNextPass() {
        return Duration.ofNanos(scheduledNanos);
    }

    GcFixture pass() throws Exception {
        collector.pass();
        return this;
    }

    GcFixture passTime(Duration duration) {
        now.addAndGet(duration.toNanos());
        return this;
    }

    /** Everything that is garbage now leaves the store: with checkpoints, grace periods and a sweep in between. */
    static void settle(Process process, GcFixture gc) throws Exception {
        for (int round = 0; round < 4; round++) {
            process.checkpoint();
            gc.passTime(Duration.ofHours(2)).pass();
        }
        gc.passTime(Duration.ofHours(2)).pass().passTime(GRACE).pass();
    }
}
