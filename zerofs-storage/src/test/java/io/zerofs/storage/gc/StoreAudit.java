// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.recovery.LifecycleFixture;

/** Opens a volume at rest, and compares its accounts and its objects with what a full scan finds. */
public final class StoreAudit {
    private StoreAudit() {}

    /** Fails if a live byte is not counted, an entry names a missing frame, or an object that nothing needs stays. */
    public static void check(LifecycleFixture fixture) throws Exception {
        LifecycleFixture.Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process).pass();
        assertEquals(SpaceAudit.scan(process.recovered.index()), SpaceAudit.believed(gc.collector.liveBytes()));
        SpaceAudit.nothingDangles(process, fixture.bucket);
        GcFixture.settle(process, gc);
        SpaceAudit.nothingLeaks(process, fixture.bucket);
        process.shutDown();
    }
}
