// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.storage.check.CollectedFindings;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.seal.ObjectKind;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Compares what garbage collection believes with what a full scan of index and store finds. */
final class SpaceAudit {
    private SpaceAudit() {}

    /** Live bytes and frames of each commit, from the entries that name them. The volume must be at rest. */
    static Map<Long, String> scan(RocksIndex index) throws Exception {
        Map<Long, String> all = new TreeMap<>();
        CollectedFindings.requireConsistent(index)
                .forEach((seq, use) -> all.put(seq, text(use.objectBytes(), use.liveBytes(), use.liveFrames())));
        return all;
    }

    static Map<Long, String> believed(LiveBytes live) throws Exception {
        Map<Long, String> all = new TreeMap<>();
        for (CommitSpace commit : live.commits()) {
            all.put(commit.seq(), text(commit.objectBytes(), commit.liveBytes(), commit.liveFrames()));
        }
        return all;
    }

    private static String text(long object, long bytes, long frames) {
        return object + " bytes, live " + bytes + " in " + frames + " frames";
    }

    private static KeyRange kind(byte kind) {
        return new KeyRange(new byte[] {kind}, IndexKeys.kindEnd(kind));
    }

    /** Every commit that the index knows is in the bucket, unless it is being deleted. */
    static void nothingDangles(LifecycleFixture.Process process, ObjectStore bucket) throws Exception {
        for (FrameTable table : tables(process.recovered.index()).values()) {
            boolean there = !bucket.list(table.commit().objectName(), "", 1).isEmpty();
            assertTrue(there || isListed(process, table.commit()), () -> table.commit() + " is gone");
        }
    }

    /** Once all is settled the bucket holds what the newest state and snapshots need, fences, and a few old manifests. */
    static void nothingLeaks(LifecycleFixture.Process process, ObjectStore bucket) throws Exception {
        Manifest head = process.keeper.chain().head();
        Set<String> expected = new TreeSet<>();
        head.checkpoint().tables().forEach(table -> expected.add(table.objectName()));
        for (Snapshot snapshot : head.snapshots()) {
            process.keeper
                    .chain()
                    .read(snapshot)
                    .checkpoint()
                    .tables()
                    .forEach(table -> expected.add(table.objectName()));
        }
        tables(process.recovered.index())
                .values()
                .forEach(table -> expected.add(table.commit().objectName()));
        CommitReader reader = new CommitReader(bucket, process.recovered.keys());
        Set<String> found = new TreeSet<>();
        for (ObjectStore.ObjectInfo info : bucket.list("", "", 100_000)) {
            CommitId id = CommitId.ofObjectName(info.name());
            boolean fence = id != null && reader.readHeader(id).kind() == ObjectKind.FENCE;
            if (id != null && !fence || info.name().startsWith(TableReference.PREFIX)) {
                found.add(info.name());
            }
        }
        assertEquals(String.join("\n", expected), String.join("\n", found));
        assertTrue(bucket.list(Manifest.PREFIX, "", 1000).size() < 40, "old manifests stay");
    }

    private static boolean isListed(LifecycleFixture.Process process, CommitId id) {
        return process.keeper.chain().head().deletions().stream()
                .anyMatch(deletion -> deletion instanceof PendingDeletion.Commits commits
                        && ObjectReaper.idsOf(commits).contains(id));
    }

    private static Map<CommitId, FrameTable> tables(RocksIndex index) throws Exception {
        Map<CommitId, FrameTable> tables = new HashMap<>();
        try (Cursor cursor = index.scan(kind(IndexKeys.FRAMES), false)) {
            while (cursor.next()) {
                FrameTable table = FrameTable.decode(cursor.value(), "index");
                tables.put(table.commit(), table);
            }
        }
        return tables;
    }
}
