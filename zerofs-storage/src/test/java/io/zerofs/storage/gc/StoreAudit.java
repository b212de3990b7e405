// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.check.DataCheck;
import io.zerofs.storage.check.StoreCheck;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.VolumeReader;
import java.util.List;

/** Opens a volume at rest, and compares its accounts and its objects with what a full scan finds. */
public final class StoreAudit {
    private StoreAudit() {}

    /** Fails if a live byte is not counted, an entry names a missing frame, or an object that nothing needs stays. */
    public static void check(LifecycleFixture fixture) throws Exception {
        check(fixture, volume -> List.of());
    }

    /** Checks a volume that has a file system, whose records must agree too: this is all that fsck checks. */
    public static void checkFiles(LifecycleFixture fixture) throws Exception {
        check(fixture, CheckedFileSystems::problems);
    }

    /** Checks the content of a volume. */
    private interface ContentCheck {
        List<String> problems(Volume volume) throws VolumeException;
    }

    private static void check(LifecycleFixture fixture, ContentCheck content) throws Exception {
        LifecycleFixture.Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process).pass();
        assertEquals(SpaceAudit.scan(process.recovered.index()), SpaceAudit.believed(gc.collector.liveBytes()));
        SpaceAudit.nothingDangles(process, fixture.bucket);
        GcFixture.settle(process, gc);
        SpaceAudit.nothingLeaks(process, fixture.bucket);
        nothingIsFound(process, fixture, content);
        for (Snapshot snapshot : process.keeper.snapshots().list()) {
            try (VolumeReader reader = fixture.reader(process);
                    VolumeReader.View view = reader.openSnapshot(snapshot.name())) {
                assertEquals(List.of(), content.problems(view.volume()), "problems of files in a snapshot");
            }
        }
        process.shutDown();
    }

    /** Checks the volume as fsck does, beside its daemon. The state and the store agree, and nothing waits for deletion. */
    private static void nothingIsFound(LifecycleFixture.Process process, LifecycleFixture fixture, ContentCheck content)
            throws Exception {
        CollectedFindings findings = new CollectedFindings();
        try (VolumeReader reader = fixture.reader(process);
                VolumeReader.View view = reader.openNewest();
                StoreCheck check = new StoreCheck(fixture.bucket, reader, view, findings)) {
            assertEquals(List.of(), content.problems(view.volume()), "problems of files");
            assertEquals(0, check.compare().unneeded(), "unneeded objects");
            check.readData(new DataCheck.Settings(process.runtime().requests(), 4, 0), (bytes, total) -> {});
        }
        assertEquals("", String.join("\n", findings.lines), "findings in the store");
    }
}
