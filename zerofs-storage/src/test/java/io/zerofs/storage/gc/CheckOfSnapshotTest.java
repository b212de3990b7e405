// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.check.DataCheck;
import io.zerofs.storage.check.StoreCheck;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import io.zerofs.storage.recovery.VolumeReader;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A check of a snapshot beside garbage collection, which has deleted other objects since. */
final class CheckOfSnapshotTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @Test
    void aCommitThatWasDeadBeforeTheSnapshotIsNotMissing() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        GarbageCollectorTest.withADeadCommit(process);
        process.keeper.snapshots().create("s");
        GarbageCollectorTest.rewrite(process, 0, "newest");
        process.barrier();
        GcFixture.settle(process, gc);
        List<String> commits = fixture.names(CommitId.PREFIX);
        assertEquals(new CommitId(1, 2).objectName(), commits.get(0), "commit 1 is gone, and the snapshot keeps 2");
        assertEquals(List.of(), findings(process));

        fixture.bucket.delete(List.of(commits.get(0)));
        assertEquals(
                "object " + commits.get(0) + " is missing", findings(process).get(0));
    }

    private List<String> findings(Process process) throws Exception {
        CollectedFindings findings = new CollectedFindings();
        try (VolumeReader reader = fixture.reader(process);
                VolumeReader.View view = reader.openSnapshot("s");
                StoreCheck check = new StoreCheck(fixture.bucket, reader, view, findings).ofSnapshot("s")) {
            check.compare();
            check.readData(new DataCheck.Settings(process.runtime().requests(), 4, 0), (bytes, total) -> {});
        }
        return List.copyOf(findings.lines);
    }
}
