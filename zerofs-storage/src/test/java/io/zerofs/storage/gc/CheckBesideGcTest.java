// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.check.DataCheck;
import io.zerofs.storage.check.StoreCheck;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import io.zerofs.storage.recovery.VolumeReader;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A check and a garbage collection work on one volume at a time. */
class CheckBesideGcTest {
    private final LifecycleFixture fixture = new LifecycleFixture();
    private final CollectedFindings findings = new CollectedFindings();
    private Process process;
    private GcFixture gc;
    private VolumeReader reader;

    @BeforeEach
    void open() throws Exception {
        process = fixture.process().open();
        gc = new GcFixture(process).pass();
        process.write(1, "first").barrier().write(2, "other").barrier().checkpoint();
        reader = fixture.reader(process);
    }

    @AfterEach
    void close() throws Exception {
        reader.close();
        fixture.close();
    }

    /** Replaces the data of the view, and deletes its old objects from the store. */
    private void replaceAndCollect() throws Exception {
        List<String> before = fixture.names(CommitId.PREFIX);
        process.write(1, "second").write(2, "second").barrier().checkpoint();
        gc.pass();
        GcFixture.settle(process, gc);
        assertFalse(fixture.names(CommitId.PREFIX).containsAll(before), "an object of the view is gone");
    }

    private DataCheck.Settings settings() {
        return new DataCheck.Settings(process.runtime().requests(), 4, 0);
    }

    @Test
    void objectsThatAreCollectedBeforeTheListAreNoLoss() throws Exception {
        try (VolumeReader.View view = reader.openNewest();
                StoreCheck check = new StoreCheck(fixture.bucket, reader, view, findings)) {
            replaceAndCollect();
            check.compare();
            check.readData(settings(), (bytes, total) -> {});
        }
        assertEquals(List.of(), findings.lines);
    }

    @Test
    void objectsThatAreCollectedBeforeTheirDataIsReadAreNoLoss() throws Exception {
        try (VolumeReader.View view = reader.openNewest();
                StoreCheck check = new StoreCheck(fixture.bucket, reader, view, findings)) {
            check.compare();
            replaceAndCollect();
            check.readData(settings(), (bytes, total) -> {});
        }
        assertEquals(List.of(), findings.lines);
    }

    @Test
    void anObjectThatTheNewestStateNeedsIsLostAlsoIfTheManifestChanged() throws Exception {
        try (VolumeReader.View view = reader.openNewest();
                StoreCheck check = new StoreCheck(fixture.bucket, reader, view, findings)) {
            List<String> first = fixture.names(CommitId.PREFIX).subList(0, 1);
            process.write(3, "more").barrier().checkpoint();
            fixture.bucket.delete(first);
            check.compare();
            assertTrue(findings.lines.contains("object " + first.get(0) + " is missing"), () -> "" + findings.lines);
            assertTrue(findings.lines.stream().anyMatch(line -> line.startsWith("inode 1 lost 0 to ")));
        }
    }
}
