// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.engine.CrashModel;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A process that writes, compacts, checkpoints, moves and deletes dies at some request. Afterwards all acknowledged
 * data is there, no reference dangles, and the accounting equals a full scan. Once all work has ended, the store has
 * exactly the needed objects.
 */
final class GcCrashTest {
    private static final GcSettings SETTINGS = GcSettings.DEFAULT
            .withShare(1)
            .withRequestsMax(2)
            .withGarbageShare(0.01)
            .withGrace(GcFixture.GRACE)
            .withIntervals(Duration.ofSeconds(5), Duration.ofHours(1));

    @Test
    void aCrashAtAnyRequestLosesNothingAndLeaksNothing() throws Exception {
        Seeds.run(10, GcCrashTest::runAtRandom);
    }

    @Test
    @Tag("slow")
    void theSameInThousandsOfRuns() throws Exception {
        Seeds.run(2000, GcCrashTest::runAtRandom);
    }

    @Test
    @Tag("slow")
    void theSameAtEveryRequestOfSomeRuns() throws Exception {
        Seeds.run(3, seed -> {
            boolean crashed = true;
            for (int request = 1; crashed; request++) {
                crashed = run(seed, request);
            }
        });
    }

    private static void runAtRandom(long seed) throws Exception {
        run(seed, 1 + new SplittableRandom(seed).nextInt(250));
    }

    /** Returns whether the process reached that request. */
    private static boolean run(long seed, int request) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        CrashModel model = new CrashModel(random.split());
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            Path directory = fixture.newDirectory();
            Process process = open(fixture, directory);
            GcFixture gc = new GcFixture(process, SETTINGS);
            model.recovered(process.volume);
            setFaults(random, process);
            process.store.crashAtRequest(process.store.requestNumber() + request, random.nextBoolean());
            live(random, model, process, gc);
            boolean crashed = process.store.isCrashed();
            process.kill();
            Process next = open(fixture, random.nextBoolean() ? directory : fixture.newDirectory());
            GcFixture after = new GcFixture(next, SETTINGS);
            model.recovered(next.volume);
            SpaceAudit.nothingDangles(next, fixture.bucket);
            after.pass();
            assertEquals(SpaceAudit.scan(next.recovered.index()), SpaceAudit.believed(after.collector.liveBytes()));
            GcFixture.settle(next, after);
            model.compareNow(next.volume);
            SpaceAudit.nothingLeaks(next, fixture.bucket);
            next.kill();
            model.recovered(open(fixture, fixture.newDirectory()).volume);
            return crashed;
        }
    }

    private static Process open(LifecycleFixture fixture, Path directory) throws Exception {
        Process process = fixture.process(directory);
        process.settings = process.settings.with(process.settings.engine().with(EngineFixture.compaction(3, 10)));
        return process.open();
    }

    private static void setFaults(SplittableRandom random, Process process) {
        double chance = random.nextInt(3) * 0.05;
        process.store.setFaults(
                Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
                Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER)),
                Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.Unavailable()));
    }

    private static void live(SplittableRandom random, CrashModel model, Process process, GcFixture gc) {
        for (int round = 0; round < 12; round++) {
            for (int i = random.nextInt(14); i > 0; i--) {
                if (!model.step(process.volume, process.store::isCrashed)) {
                    return;
                }
            }
            if (random.nextInt(3) == 0 && !survives(process, process::checkpoint)) {
                return;
            }
            gc.passTime(GcFixture.GRACE);
            if (random.nextBoolean() && !survives(process, gc::pass)) {
                return;
            }
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Runs a step that may never return once the store is gone. Returns false if the store is gone. */
    private static boolean survives(Process process, Step step) {
        CompletableFuture<Void> running = CompletableFuture.runAsync(() -> {
            try {
                step.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        while (!process.store.isCrashed()) {
            try {
                running.get(5, TimeUnit.MILLISECONDS);
                return !process.store.isCrashed();
            } catch (TimeoutException e) {
                // It runs still.
            } catch (ExecutionException | InterruptedException e) {
                if (!process.store.isCrashed()) {
                    throw new AssertionError("it failed without a crash", e);
                }
            }
        }
        return false;
    }
}
