// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.VolumeReader;
import io.zerofs.storage.snapshot.SnapshotException;
import io.zerofs.storage.snapshot.Snapshots;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A snapshot reads as at its moment until it is deleted, whatever the daemons and their garbage collection do. */
final class SnapshotsTest {
    private static final int FILES = 5;

    /** Deletes what it announced in the pass after that. */
    private static final GcSettings AT_ONCE =
            GcFixture.SETTINGS.withGrace(Duration.ZERO).withGarbageShare(0.01);

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private static Snapshots snapshots(Process process) {
        return process.keeper.snapshots();
    }

    private static List<String> read(LifecycleFixture fixture, Process process, String name) throws Exception {
        try (VolumeReader reader = fixture.reader(process);
                VolumeReader.View view = reader.openSnapshot(name)) {
            List<String> texts = new ArrayList<>();
            for (int number = 0; number < FILES; number++) {
                texts.add(Process.read(view.volume(), number));
            }
            return texts;
        }
    }

    private static SnapshotException.Kind kindOf(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(SnapshotException.class, call).kind();
    }

    @Test
    void everySnapshotReadsAsAtItsMomentUntilItIsDeleted() throws Exception {
        Seeds.run(8, SnapshotsTest::live);
    }

    private static void live(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            Map<String, List<String>> moments = new TreeMap<>();
            Process process = fixture.process().open();
            GcFixture gc = new GcFixture(process, AT_ONCE);
            for (int step = 0; step < 120; step++) {
                switch (random.nextInt(12)) {
                    case 0, 1 -> GarbageCollectorTest.rewrite(process, random.nextInt(FILES), "text " + step);
                    case 2 -> process.write(random.nextInt(FILES), "text " + step);
                    case 3 -> GarbageCollectorTest.remove(process, random.nextInt(FILES));
                    case 4 -> process.barrier();
                    case 5 -> process.barrier().checkpoint();
                    case 6, 7 -> gc.passTime(Duration.ofHours(2)).pass();
                    case 8, 9 -> {
                        snapshots(process).create("s" + step);
                        moments.put("s" + step, process.readAll(FILES));
                    }
                    case 10 -> {
                        if (!moments.isEmpty() && random.nextBoolean()) {
                            String name = new ArrayList<>(moments.keySet()).get(random.nextInt(moments.size()));
                            snapshots(process).delete(name);
                            moments.remove(name);
                        }
                    }
                    default -> {
                        if (random.nextBoolean()) {
                            process.barrier().kill();
                        }
                        process = fixture.process().open();
                        gc = new GcFixture(process, AT_ONCE);
                    }
                }
                if (step % 20 == 19) {
                    for (Map.Entry<String, List<String>> moment : moments.entrySet()) {
                        assertEquals(moment.getValue(), read(fixture, process, moment.getKey()), moment.getKey());
                    }
                }
            }
            for (String name : moments.keySet()) {
                snapshots(process).delete(name);
            }
            GcFixture.settle(process, gc);
            SpaceAudit.nothingLeaks(process, fixture.bucket);
        }
    }

    @Test
    void anEmptyVolumeHasSnapshotsToo() throws Exception {
        Process process = fixture.process().open();
        Snapshot snapshot = snapshots(process).create("empty");
        process.write(0, "later").barrier();
        assertEquals(0, snapshot.cutSeq());
        assertEquals(Arrays.asList(new String[FILES]), read(fixture, process, "empty"));
    }

    /** Between the cut and the manifest of a snapshot nobody else knows of it. */
    @Test
    void aDeathAfterTheCutKeepsItsCommitWhileTheSnapshotIsBeingCreated() throws Exception {
        HinderedStore store = new HinderedStore(fixture.bucket);
        Process process = fixture.process(fixture.newDirectory(), store).open();
        GcFixture gc = new GcFixture(process, AT_ONCE);
        process.write(0, "then").barrier().checkpoint();
        gc.pass();
        store.beforeManifest = () -> {
            GarbageCollectorTest.rewrite(process, 0, "now");
            process.barrier();
            gc.pass();
        };
        snapshots(process).create("s");
        gc.pass().pass();
        assertEquals("then", read(fixture, process, "s").get(0));
    }

    /** The tables of a checkpoint have operations up to its own cut, which may be after the cut of the snapshot. */
    @Test
    void aCheckpointThatIsPublishedMeanwhileIsWholeInTheSnapshot() throws Exception {
        HinderedStore store = new HinderedStore(fixture.bucket);
        Process process = fixture.process(fixture.newDirectory(), store).open();
        process.write(0, "then").barrier();
        store.beforeManifest = () -> process.write(1, "meanwhile").barrier().checkpoint();
        Snapshot snapshot = snapshots(process).create("s");
        process.write(0, "now").barrier();
        assertEquals(process.keeper.chain().head().checkpoint().replayTo(), snapshot.cutSeq());
        assertEquals(List.of("then", "meanwhile"), read(fixture, process, "s").subList(0, 2));
    }

    @Test
    void aSnapshotWhoseAnswerWasLostIsWholeAndComesWithTheNextManifest() throws Exception {
        HinderedStore store = new HinderedStore(fixture.bucket);
        Process process = fixture.process(fixture.newDirectory(), store).open();
        GcFixture gc = new GcFixture(process, AT_ONCE);
        process.write(0, "then").barrier().checkpoint();
        gc.pass();
        store.losesAnswers = true;
        assertEquals(
                SnapshotException.Kind.UNAVAILABLE,
                kindOf(() -> snapshots(process).create("s")));
        store.losesAnswers = false;
        assertEquals(List.of(), snapshots(process).list());
        GarbageCollectorTest.rewrite(process, 0, "now");
        process.barrier();
        gc.pass().pass().pass();
        assertEquals(1, snapshots(process).list().size());
        assertEquals("then", read(fixture, process, "s").get(0));
        assertEquals(
                SnapshotException.Kind.EXISTS, kindOf(() -> snapshots(process).create("s")));
    }

    @Test
    void aStoreThatFailsBeforeTheManifestLeavesNoSnapshot() throws Exception {
        HinderedStore store = new HinderedStore(fixture.bucket);
        Process process = fixture.process(fixture.newDirectory(), store).open();
        store.refusesManifests = true;
        assertEquals(
                SnapshotException.Kind.UNAVAILABLE,
                kindOf(() -> snapshots(process).create("s")));
        store.refusesManifests = false;
        snapshots(process).create("s");
        assertEquals(1, snapshots(process).list().size());
    }

    @Test
    void aCreationThatMeetsATakeoverFailsAndEarlierSnapshotsStay() throws Exception {
        Process first = fixture.process().open().write(0, "then");
        snapshots(first).create("before");
        Process second = fixture.process().open();
        SnapshotException lost =
                assertThrows(SnapshotException.class, () -> snapshots(first).create("after"));
        assertEquals(SnapshotException.Kind.UNAVAILABLE, lost.kind());
        assertTrue(lost.getMessage().contains("another daemon took the volume over"), lost.getMessage());
        assertEquals(VolumeException.Kind.FENCED, first.stopped.get().kind());
        second.write(0, "now").barrier();
        assertEquals(1, snapshots(second).list().size());
        assertEquals("then", read(fixture, second, "before").get(0));
    }

    @Test
    void namesAndNumberAreChecked() throws Exception {
        Process process = fixture.process().open();
        Snapshots snapshots = snapshots(process);
        for (String name : List.of("", ".", "..", ".hidden", "-c", "a/b", "a b", "a\n", "\u00e4", "a".repeat(65))) {
            assertEquals(SnapshotException.Kind.INVALID, kindOf(() -> snapshots.create(name)), name);
        }
        snapshots.create("a".repeat(64));
        snapshots.create("Before_upgrade-2.0");
        assertEquals(SnapshotException.Kind.EXISTS, kindOf(() -> snapshots.create("Before_upgrade-2.0")));
        assertEquals(SnapshotException.Kind.MISSING, kindOf(() -> snapshots.delete("another")));
        while (snapshots.list().size() < Snapshots.COUNT_MAX) {
            snapshots.create("s" + snapshots.list().size());
        }
        assertEquals(SnapshotException.Kind.TOO_MANY, kindOf(() -> snapshots.create("one-more")));
        snapshots.delete("s2");
        snapshots.create("one-more");
    }

    @Test
    void aSnapshotThatIsMissingIsRefusedByName() throws Exception {
        Process process = fixture.process().open();
        OpenException missing = assertThrows(OpenException.class, () -> read(fixture, process, "s"));
        assertEquals(OpenException.Kind.NO_SNAPSHOT, missing.kind());
        assertTrue(missing.getMessage().contains("no snapshot with the name s"), missing.getMessage());
    }

    @Test
    void theManifestOfADeletedSnapshotGoesToo() throws Exception {
        Process process = fixture.process().open().write(0, "then");
        GcFixture gc = new GcFixture(process, AT_ONCE);
        String manifest = Manifest.objectName(snapshots(process).create("s").manifestVersion());
        for (int i = 0; i < 20; i++) {
            process.write(1, "value " + i).barrier().checkpoint();
        }
        GcFixture.settle(process, gc);
        assertTrue(fixture.names("").contains(manifest));
        snapshots(process).delete("s");
        gc.pass().pass();
        assertFalse(fixture.names("").contains(manifest));
        GcFixture.settle(process, gc);
        SpaceAudit.nothingLeaks(process, fixture.bucket);
    }

    @Test
    void aManifestOfAnotherTimelineIsNoSnapshot() throws Exception {
        Process process = fixture.process().open().write(0, "then");
        Snapshot snapshot = snapshots(process).create("s");
        process.write(0, "now").barrier().checkpoint();
        // The object of that name is another manifest of the same volume.
        Process other = fixture.process().open();
        other.keeper
                .chain()
                .publish(manifest -> manifest.withSnapshots(List.of(new Snapshot(
                        "s",
                        snapshot.manifestVersion() + 1,
                        snapshot.manifestSalt(),
                        snapshot.cutSeq(),
                        snapshot.createdAtMillis()))));
        OpenException damaged = assertThrows(OpenException.class, () -> read(fixture, other, "s"));
        assertEquals(OpenException.Kind.DAMAGED_OBJECT, damaged.kind());
    }

    @Test
    void theSpaceOfASnapshotIsWhatItsDeletionFrees() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process, AT_ONCE);
        process.write(0, "then".repeat(500)).barrier().checkpoint();
        snapshots(process).create("a");
        snapshots(process).create("b");
        for (int i = 0; i < 3; i++) {
            GarbageCollectorTest.rewrite(process, 0, "now " + i);
            process.barrier();
        }
        GcFixture.settle(process, gc);
        assertEquals(Map.of("a", 0L, "b", 0L), process.volume.pinnedBytes());
        snapshots(process).delete("a");
        GcFixture.settle(process, gc);
        Map<String, Long> freed = sizesOfData();
        long pinned = process.volume.pinnedBytes().get("b");
        snapshots(process).delete("b");
        gc.pass().pass().pass();
        freed.keySet().removeAll(sizesOfData().keySet());
        long bytes = freed.values().stream().mapToLong(Long::longValue).sum();
        // Objects of tables have a header and tags, too.
        assertTrue(
                pinned > 0 && pinned <= bytes && bytes < pinned + 101 * freed.size() + 1, () -> pinned + ": " + freed);
        assertEquals(Map.of(), process.volume.pinnedBytes());
    }

    private Map<String, Long> sizesOfData() throws Exception {
        Map<String, Long> sizes = new TreeMap<>();
        for (ObjectStore.ObjectInfo info : fixture.bucket.list("", "", 10_000)) {
            if (!info.name().startsWith(Manifest.PREFIX)) {
                sizes.put(info.name(), info.size());
            }
        }
        return sizes;
    }

    private interface Action {
        void run() throws Exception;
    }

    private static final class HinderedStore extends ForwardingObjectStore {
        /** Runs once. */
        volatile Action beforeManifest;

        volatile boolean losesAnswers;
        volatile boolean refusesManifests;

        HinderedStore(ObjectStore store) {
            super(store);
        }

        @Override
        public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
            if (!name.startsWith(Manifest.PREFIX)) {
                return super.put(name, bytes, condition);
            }
            Action action = beforeManifest;
            beforeManifest = null;
            if (action != null) {
                try {
                    action.run();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
            if (refusesManifests) {
                throw new ObjectStoreException(ObjectStoreException.Kind.UNAVAILABLE, "503", null);
            }
            PutOutcome outcome = super.put(name, bytes, condition);
            if (losesAnswers) {
                throw new ObjectStoreException(ObjectStoreException.Kind.UNAVAILABLE, "the answer is lost", null);
            }
            return outcome;
        }
    }
}
