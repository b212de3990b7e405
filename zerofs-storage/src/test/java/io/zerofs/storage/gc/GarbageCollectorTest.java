// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When objects are deleted and, above all, when not. */
final class GarbageCollectorTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private static String commit(long epoch, long seq) {
        return new CommitId(epoch, seq).objectName();
    }

    private static List<PendingDeletion> announced(Process process) {
        return process.keeper.chain().head().deletions();
    }

    /** Commit 1 dead, 2 alive, both covered by a checkpoint. */
    static Process withADeadCommit(Process process) throws Exception {
        process.write(0, "old").barrier();
        rewrite(process, "new");
        return process.barrier().checkpoint();
    }

    @Test
    void aDeadCommitIsAnnouncedThenDeletedThenForgotten() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        withADeadCommit(process);

        gc.pass();
        assertTrue(announced(process).contains(new PendingDeletion.Commits(1, 1, 1)));
        gc.pass().passTime(GcFixture.GRACE.minusNanos(1)).pass();
        assertTrue(fixture.names("").contains(commit(1, 1)));

        gc.passTime(Duration.ofNanos(1)).pass();
        assertFalse(fixture.names("").contains(commit(1, 1)));
        assertFalse(announced(process).contains(new PendingDeletion.Commits(1, 1, 1)));
        assertFalse(SpaceAudit.scan(process.recovered.index()).containsKey(1L));
        assertEquals("new", process.read(0));
        process.kill();
        assertEquals("new", fixture.process().open().read(0));
    }

    @Test
    void aCommitThatAReplayWouldNeedStays() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        process.write(0, "old").barrier();
        rewrite(process, "new");
        process.barrier();

        gc.pass().passTime(GcFixture.GRACE).pass();

        assertEquals(List.of(), announced(process));
        assertTrue(fixture.names("").contains(commit(1, 1)));
    }

    @Test
    void aDeathThatIsNotDurableDoesNotCount() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        process.write(0, "kept").barrier().checkpoint();
        remove(process, 0);

        gc.pass().passTime(GcFixture.GRACE).pass().passTime(GcFixture.GRACE).pass();

        process.kill();
        Process next = fixture.process().open();
        assertEquals("kept", next.read(0));
    }

    /** Replaces all data of file 0. */
    private static void rewrite(Process process, String text) throws VolumeException {
        rewrite(process, 0, text);
    }

    static void rewrite(Process process, int number, String text) throws VolumeException {
        remove(process, number);
        process.write(number, text);
    }

    static void remove(Process process, int number) throws VolumeException {
        Batch batch = process.volume.newBatch();
        batch.delete(ByteBuffer.allocate(5).put((byte) 1).putInt(number).array());
        batch.deleteChunk(new ChunkId(number, 0));
        try (Reservation room = process.volume.reserve(new ChunkRange(number, 0, 1), 100)) {
            process.volume.apply(batch);
        }
    }

    @Test
    void chunksWithLittleInThemAreMovedIntoOneCommit() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        int chunks = 100;
        byte[] block = new byte[4096];
        new Random(1).nextBytes(block);
        for (int chunk = 0; chunk < chunks; chunk++) {
            Batch batch = process.volume.newBatch();
            batch.writeChunk(new ChunkId(1, chunk), Volume.CHUNK_BYTES - block.length, ByteBuffer.wrap(block));
            try (Reservation room = process.volume.reserve(new ChunkRange(1, chunk, chunk + 1), block.length)) {
                process.volume.apply(batch);
            }
            process.barrier();
        }
        gc.pass();
        process.checkpoint();
        long before = process.volume.lastApplied().seq();

        gc.pass();

        assertEquals(before + 1, process.volume.lastApplied().seq());
        ByteBuffer last = ByteBuffer.allocate(Volume.CHUNK_BYTES);
        process.volume.read(1, (long) (chunks - 1) * Volume.CHUNK_BYTES, last);
        assertArrayEquals(block, Arrays.copyOfRange(last.array(), Volume.CHUNK_BYTES - block.length, last.capacity()));
    }

    @Test
    void theGracePeriodBeginsAgainAfterATakeover() throws Exception {
        Process first = fixture.process().open();
        GcFixture gc = new GcFixture(first);
        withADeadCommit(first);
        gc.pass().pass().passTime(GcFixture.GRACE.dividedBy(2));

        Process second = fixture.process().open();
        GcFixture after = new GcFixture(second);
        assertTrue(announced(second).contains(new PendingDeletion.Commits(1, 1, 1)));
        after.pass().passTime(GcFixture.GRACE.minusNanos(1)).pass();
        assertTrue(fixture.names("").contains(commit(1, 1)));
        after.passTime(Duration.ofNanos(1)).pass();
        assertFalse(fixture.names("").contains(commit(1, 1)));
        assertEquals("new", second.read(0));
    }

    @Test
    void aNameStaysListedUntilTheStoreAnswered() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        withADeadCommit(process);
        gc.pass().pass();
        process.store.setFaults(Fault.on(StoreOperation.DELETE, "", 1, new Fault.Unavailable()));

        gc.passTime(GcFixture.GRACE);
        assertThrows(Exception.class, gc::pass);
        assertTrue(announced(process).contains(new PendingDeletion.Commits(1, 1, 1)));
        assertTrue(SpaceAudit.scan(process.recovered.index()).containsKey(1L));

        process.store.setFaults();
        gc.pass();
        assertEquals(
                List.of(),
                announced(process).stream()
                        .filter(PendingDeletion.Commits.class::isInstance)
                        .toList());
    }

    @Test
    void aFencedWriterDeletesOnlyAnnouncedObjectsAndThenEnds() throws Exception {
        Process zombie = fixture.process().open();
        GcFixture gc = new GcFixture(zombie);
        withADeadCommit(zombie);
        gc.pass().pass();
        zombie.write(1, "a").barrier().write(1, "b").barrier();

        Process next = fixture.process().open();
        new GcFixture(next);
        next.write(0, "newer").barrier();
        gc.passTime(GcFixture.GRACE);
        assertEquals(
                VolumeException.Kind.FENCED,
                assertThrows(VolumeException.class, gc::pass).kind());

        assertTrue(fixture.names("").contains(commit(1, 2)));
        assertEquals(List.of("newer", "b"), next.readAll(2));
        next.kill();
        assertEquals(List.of("newer", "b"), fixture.process().open().readAll(2));
    }

    @Test
    void aZombieInItsSweepDeletesNothing() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "x").barrier().checkpoint();
        first.kill();
        Process zombie = fixture.process().open();
        GcFixture gc = new GcFixture(zombie);
        gc.pass();
        zombie.write(0, "y").barrier();
        Process next = fixture.process().open();
        next.write(0, "z").barrier().checkpoint();
        List<String> before = fixture.names("");

        gc.passTime(Duration.ofHours(2));
        try {
            gc.pass();
            gc.passTime(GcFixture.GRACE).pass();
        } catch (VolumeException e) {
            assertEquals(VolumeException.Kind.FENCED, e.kind());
        }

        assertEquals(before, fixture.names(""));
        assertEquals("z", next.read(0));
    }

    @Test
    void objectsOfDelayedPutsAreSweptAndFencesStay() throws Exception {
        Process first = fixture.process().open();
        GcFixture gc = new GcFixture(first);
        withADeadCommit(first);
        byte[] late = fixture.bytes(commit(1, 1));
        gc.pass().pass().passTime(GcFixture.GRACE).pass();
        assertFalse(fixture.names("").contains(commit(1, 1)));
        rewrite(first, "third");
        first.barrier().kill();
        Process second = fixture.process().open();
        GcFixture after = new GcFixture(second);
        List<String> fences = List.of(commit(1, 5));
        assertTrue(fixture.names("").containsAll(fences), () -> names());
        ObjectStore.PutOutcome outcome =
                fixture.bucket.put(commit(1, 1), List.of(ByteBuffer.wrap(late)), new ObjectStore.IfAbsent());
        assertEquals(ObjectStore.PutOutcome.STORED, outcome);

        GcFixture.settle(second, after);

        assertFalse(fixture.names("").contains(commit(1, 1)));
        assertTrue(fixture.names("").containsAll(fences));
        assertEquals("third", second.read(0));
        SpaceAudit.nothingLeaks(second, fixture.bucket);
    }

    private String names() {
        try {
            return String.join("\n", fixture.names(""));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anOrphanThatSharesItsSeqWithALivingCommitTakesNothingFromIt() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "one")
                .barrier()
                .write(1, "two")
                .barrier()
                .write(2, "late")
                .barrier();
        byte[] behindTheFence = fixture.bytes(commit(1, 3));
        first.kill();
        fixture.bucket.delete(List.of(commit(1, 2), commit(1, 3)));
        Process second = fixture.process().open();
        GcFixture gc = new GcFixture(second);
        second.write(1, "second").barrier();
        assertTrue(fixture.names("").contains(commit(2, 2)), this::names);
        fixture.bucket.put(commit(1, 3), List.of(ByteBuffer.wrap(behindTheFence)), new ObjectStore.IfAbsent());
        second.write(2, "third").barrier();
        assertTrue(fixture.names("").contains(commit(2, 3)), this::names);

        GcFixture.settle(second, gc);

        assertFalse(fixture.names("").contains(commit(1, 3)));
        assertEquals(List.of("one", "second", "third"), second.readAll(3));
        second.kill();
        assertEquals(List.of("one", "second", "third"), fixture.process().open().readAll(3));
    }

    @Test
    void aSlotThatClosedInItsCommitIsNoDeath() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        process.write(0, "first").barrier();
        process.write(0, "second");
        remove(process, 0);
        process.write(0, "third").barrier();
        gc.pass();

        assertEquals(SpaceAudit.scan(process.recovered.index()), SpaceAudit.believed(gc.collector.liveBytes()));
        GcFixture.settle(process, gc);
        assertEquals("third", process.read(0));
        SpaceAudit.nothingLeaks(process, fixture.bucket);
    }

    @Test
    void manySmallCommitsBecomeFew() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        for (int i = 0; i < 200; i++) {
            process.write(i, "file " + i).barrier();
        }

        GcFixture.settle(process, gc);

        List<String> commits = fixture.names(CommitId.PREFIX);
        assertTrue(commits.size() < 10, () -> commits.size() + " objects: " + commits);
        for (int i = 0; i < 200; i++) {
            assertEquals("file " + i, process.read(i));
        }
        SpaceAudit.nothingLeaks(process, fixture.bucket);
    }

    @Test
    @Tag("slow")
    void tenThousandCommitsOfFourKilobytesBecomeAFewDozenObjectsThatAreReadInOrder() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        List<Integer> order = new ArrayList<>(IntStream.range(0, 10_000).boxed().toList());
        Collections.shuffle(order, new Random(1));
        byte[] bytes = new byte[4096];
        for (int block : order) {
            new Random(block).nextBytes(bytes);
            long chunk = block / 64;
            Batch batch = process.volume.newBatch();
            batch.writeChunk(new ChunkId(1, chunk), block % 64 * 4096, ByteBuffer.wrap(bytes));
            try (Reservation room = process.volume.reserve(new ChunkRange(1, chunk, chunk + 1), bytes.length)) {
                process.volume.apply(batch);
            }
            process.barrier();
        }

        for (int i = 0; i < 3; i++) {
            GcFixture.settle(process, gc);
        }
        int objects = fixture.names(CommitId.PREFIX).size();
        process.shutDown();
        Process cold = fixture.process().open();
        cold.store.forgetRequests();
        ByteBuffer read = ByteBuffer.allocate(1 << 20);
        for (int block = 0; block < 10_000; block++) {
            if (block % 256 == 0) {
                cold.volume.read(1, block * 4096L, read.clear());
                read.flip();
            }
            new Random(block).nextBytes(bytes);
            byte[] found = new byte[4096];
            read.get(found);
            assertArrayEquals(bytes, found, "block " + block);
        }
        long requests = cold.store.requests().stream()
                .filter(request -> request.operation() == StoreOperation.GET_RANGE)
                .count();
        System.getLogger("zerofs").log(System.Logger.Level.INFO, objects + " objects, " + requests + " requests");
        assertTrue(objects <= 36, () -> objects + " objects");
        assertTrue(requests <= 120, () -> requests + " ranged reads of 40 MB");
    }

    @Test
    void dataHiddenByDeltasGoesOnceTheVolumeIsIdle() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        process.write(0, "a".repeat(2000)).barrier();
        process.write(0, "b".repeat(1500)).barrier().write(0, "c".repeat(1000)).barrier();
        assertEquals(3, SpaceAudit.scan(process.recovered.index()).size());

        gc.pass();
        GcFixture.settle(process, gc);

        assertEquals(
                1,
                SpaceAudit.scan(process.recovered.index()).values().stream()
                        .filter(commit -> commit.endsWith("1 frames"))
                        .count());
        assertTrue(fixture.names("").stream().noneMatch(name -> name.equals(commit(1, 1))), this::names);
    }

    @Test
    void tablesAndManifestsThatNothingNeedsGoAndTheNewestStays() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        for (int i = 0; i < 25; i++) {
            process.write(0, "value " + i).barrier().checkpoint();
            gc.passTime(GcFixture.GRACE).pass();
        }
        GcFixture.settle(process, gc);

        String newest = process.keeper.chain().head().objectName();
        List<String> manifests = fixture.names(Manifest.PREFIX);
        assertEquals(newest, manifests.get(manifests.size() - 1));
        assertTrue(manifests.size() < 40, manifests::toString);
        SpaceAudit.nothingLeaks(process, fixture.bucket);
        process.kill();
        assertEquals("value 24", fixture.process().open().read(0));
    }

    @Test
    void aSnapshotKeepsItsManifestTablesLogAndLiveObjects() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        process.write(0, "then").barrier().checkpoint();
        Manifest pinned = process.keeper.chain().head();
        long cut = process.volume.lastApplied().seq();
        Snapshot snapshot = new Snapshot("s", pinned.version(), pinned.salt(), cut, 0);
        process.keeper.chain().publish(manifest -> manifest.withSnapshots(List.of(snapshot)));
        List<String> needed = new ArrayList<>(List.of(commit(1, 1), pinned.objectName()));
        pinned.checkpoint().tables().stream().map(TableReference::objectName).forEach(needed::add);
        process.write(0, "now").barrier().write(0, "later").barrier();
        for (int i = 0; i < 20; i++) {
            process.write(1, "value " + i).barrier().checkpoint();
        }

        GcFixture.settle(process, gc);
        assertTrue(fixture.names("").containsAll(needed), this::names);
        assertFalse(fixture.names("").contains(commit(1, 2)), "what came and went after the snapshot stays");

        process.keeper.chain().publish(manifest -> manifest.withSnapshots(List.of()));
        GcFixture.settle(process, gc);
        assertFalse(fixture.names("").contains(commit(1, 1)));
    }

    @Test
    void anIdleVolumeIsLeftAlone() throws Exception {
        Process process = fixture.process().open();
        GcFixture gc = new GcFixture(process);
        withADeadCommit(process);
        GcFixture.settle(process, gc);
        gc.pass().passTime(GcFixture.GRACE).pass();
        process.store.forgetRequests();

        for (int i = 0; i < 20; i++) {
            gc.passTime(GcFixture.GRACE).pass();
        }

        assertTrue(process.store.requests().stream().allMatch(r -> r.operation() == StoreOperation.LIST));
        assertTrue(
                process.store.requests().size() < 5,
                () -> process.store.requests().toString());
    }

    @Test
    void aDamagedFrameIsNoReasonToLoseOthers() throws Exception {
        Process process = fixture.process().open();
        for (int i = 0; i < 40; i++) {
            process.write(i, "file " + i).barrier();
        }
        process.shutDown();
        byte[] damaged = fixture.bytes(commit(1, 7));
        damaged[damaged.length - 1] ^= 1;
        fixture.replace(commit(1, 7), damaged);
        Process next = fixture.process().open();
        GcFixture after = new GcFixture(next);

        GcFixture.settle(next, after);

        assertTrue(fixture.names("").contains(commit(1, 7)));
        assertEquals("file 8", next.read(8));
        ByteBuffer chunk = ByteBuffer.allocate(Volume.CHUNK_BYTES);
        assertThrows(VolumeException.class, () -> next.volume.read(6, 0, chunk));
    }
}
