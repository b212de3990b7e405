// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.engine.CrashModel;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The accounting equals a full scan at every moment of rest, whatever happened before. */
final class LiveBytesTest {
    @Test
    void equalAFullScanAfterRandomOperationsCompactionsCrashesAndReplays() throws Exception {
        Seeds.run(4, LiveBytesTest::run);
    }

    private static void run(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        CrashModel model = new CrashModel(random.split());
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            for (int life = 0; life < 4; life++) {
                Process process = fixture.process();
                process.settings = process.settings.with(EngineSettings.DEFAULT.with(EngineFixture.compaction(3, 10)));
                GcFixture gc = new GcFixture(process.open());
                model.recovered(process.volume);
                for (int i = 0; i < 25; i++) {
                    for (int n = random.nextInt(12); n > 0; n--) {
                        model.operate(process.volume);
                    }
                    if (random.nextInt(6) == 0) {
                        process.checkpoint();
                    }
                    if (random.nextInt(3) == 0) {
                        gc.passTime(GcFixture.GRACE).pass();
                    }
                    if (random.nextInt(3) == 0) {
                        requireExact(process, gc, fixture);
                    }
                }
                if (random.nextBoolean()) {
                    process.kill();
                } else {
                    model.acknowledgeAll(process.volume::close);
                }
            }
        }
    }

    /** Compactions that are under way change things between two looks: then it is looked again. */
    private static void requireExact(Process process, GcFixture gc, LifecycleFixture fixture) throws Exception {
        gc.pass();
        long before;
        AssertionError difference;
        do {
            process.barrier();
            before = process.volume.lastApplied().seq();
            difference = difference(process, gc, fixture);
            process.barrier();
        } while (difference != null && before != process.volume.lastApplied().seq());
        if (difference != null) {
            throw difference;
        }
    }

    private static AssertionError difference(Process process, GcFixture gc, LifecycleFixture fixture) throws Exception {
        try {
            assertEquals(SpaceAudit.scan(process.recovered.index()), SpaceAudit.believed(gc.collector.liveBytes()));
            SpaceAudit.nothingDangles(process, fixture.bucket);
            return null;
        } catch (AssertionError e) {
            return e;
        }
    }
}
