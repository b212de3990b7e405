// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.check.DataCheck;
import io.zerofs.storage.check.StoreCheck;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.VolumeReader;

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
        nothingIsFound(process, fixture);
        process.shutDown();
    }

    /** Checks the volume as fsck does, beside its daemon. The state and the store agree, and nothing waits for deletion. */
    private static void nothingIsFound(LifecycleFixture.Process process, LifecycleFixture fixture) throws Exception {
        CollectedFindings findings = new CollectedFindings();
        try (VolumeReader reader = fixture.reader(process);
                VolumeReader.View view = reader.openNewest();
                StoreCheck check = new StoreCheck(fixture.bucket, reader, view, findings)) {
            assertEquals(0, check.compare().unneeded(), "unneeded objects");
            check.readData(new DataCheck.Settings(process.runtime().requests(), 4, 0), (bytes, total) -> {});
        }
        assertEquals("", String.join("\n", findings.lines), "findings in the store");
    }
}
