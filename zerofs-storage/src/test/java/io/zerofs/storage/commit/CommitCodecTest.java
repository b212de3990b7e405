// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class CommitCodecTest {
    private static final CommitId ID = new CommitId(3, 77);

    private final ObjectKeys keys = CommitFixture.keys();
    private final CommitSealer sealer = new CommitSealer(keys, Compression.LZ4, ParallelSteps.NONE);

    @Test
    void sealedCommitsAreReadBack() throws Exception {
        Seeds.run(30, seed -> {
            CommitDraft draft = CommitFixture.draft(ID, new SplittableRandom(seed));
            SealedCommit sealed = sealer.seal(draft);
            CommitReader reader = reader(ID, CommitFixture.join(sealed.bytes()));

            CommitLog log = (CommitLog) reader.read(ID, sealed.objectLength());

            assertEquals(draft.log().durableSeq(), log.durableSeq());
            assertEquals(draft.log().predecessor(), log.predecessor());
            assertEquals(draft.log().deadFrames(), log.deadFrames());
            assertEquals(
                    draft.log().batches(),
                    log.batches().stream().map(ByteBuffer::wrap).toList());
            assertArrayEquals(sealed.frames().encode(), log.frames().encode());
            assertEquals(draft.slots().size(), log.frames().frames().size());
            for (int slot = 0; slot < draft.slots().size(); slot++) {
                assertHolds(draft.slots().get(slot), reader, log.frames(), slot);
                assertSealedPagesAreThoseOfTheObject(sealed, reader, slot);
            }
        });
    }

    @Test
    void sealingInParallelAndAgainMakesTheSameBytes() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(3);
        CommitSealer parallel = new CommitSealer(keys, Compression.LZ4, new ParallelSteps(executor, 3));
        try {
            Seeds.run(10, seed -> {
                CommitDraft draft = CommitFixture.draft(ID, new SplittableRandom(seed));
                byte[] bytes = CommitFixture.join(sealer.seal(draft).bytes());

                assertArrayEquals(bytes, CommitFixture.join(sealer.seal(draft).bytes()));
                assertArrayEquals(bytes, CommitFixture.join(parallel.seal(draft).bytes()));
            });
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void slicesOfAFrameTableReadTheSamePages() throws Exception {
        Seeds.run(10, seed -> {
            CommitDraft draft = CommitFixture.draft(ID, new SplittableRandom(seed));
            SealedCommit sealed = sealer.seal(draft);
            CommitReader reader = reader(ID, CommitFixture.join(sealed.bytes()));
            for (int from = 0; from < draft.slots().size(); from += 2) {
                byte[] encoded = sealed.frames().slice(from, 2).encode();
                FrameTable slice = FrameTable.decode(encoded, "index");
                assertEquals(ID, slice.commit());
                assertHolds(draft.slots().get(from), reader, slice, from);
                assertThrows(CorruptObjectException.class, () -> FrameTable.decode(cut(encoded), "index"));
            }
        });
    }

    @Test
    void zerosTakeNoRoom() {
        ByteBuffer chunk = ByteBuffer.allocate(CommitLimits.CHUNK_BYTES);
        chunk.put(5 * CommitLimits.FRAME_PAGE_BYTES, (byte) 1);
        FrameTable frames = seal(List.of(
                        new FrameContent.Full(chunk),
                        new FrameContent.Full(ByteBuffer.allocate(CommitLimits.CHUNK_BYTES)),
                        new FrameContent.Delta(List.of(new FrameContent.Zeros(0, CommitLimits.CHUNK_BYTES)))))
                .frames();

        assertEquals(5 * CommitLimits.FRAME_PAGE_BYTES + 1, frames.frame(0).length());
        assertEquals(6, frames.frame(0).pageCount());
        assertEquals(18, frames.frame(0).storedLength());
        assertEquals(0, frames.frame(1).length());
        assertEquals(0, frames.frame(1).storedLength());
        assertTrue(frames.frame(2).storedLength() < 30);
    }

    @Test
    void aPageThatDoesNotShrinkIsStoredRaw() {
        byte[] noise = new byte[CommitLimits.CHUNK_BYTES];
        new SplittableRandom(1).nextBytes(noise);

        Frame frame = seal(List.of(new FrameContent.Full(ByteBuffer.wrap(noise))))
                .frames()
                .frame(0);

        assertEquals(CommitLimits.CHUNK_BYTES + 8 * 17, frame.storedLength());
    }

    @Test
    void aDeltaOfManyRangesIsReadBack() throws Exception {
        List<FrameContent.Range> ranges = new ArrayList<>();
        for (int at = 0; at < CommitLimits.CHUNK_BYTES; at += 2) {
            ranges.add(new FrameContent.Data(at, ByteBuffer.wrap(new byte[] {(byte) (at >> 4)})));
            ranges.add(new FrameContent.Zeros(at + 1, 1));
        }
        FrameContent delta = new FrameContent.Delta(ranges);
        SealedCommit sealed = seal(List.of(delta));

        assertHolds(delta, reader(ID, CommitFixture.join(sealed.bytes())), sealed.frames(), 0);
    }

    @Test
    void damageOfAnyByteIsFoundByItsReader() throws Exception {
        Seeds.run(3, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            CommitDraft draft = CommitFixture.draft(ID, random);
            byte[] object = CommitFixture.join(sealer.seal(draft).bytes());
            for (int i = 0; i < 400; i++) {
                int at = i < 200 ? Math.min(i, object.length - 1) : random.nextInt(object.length);
                byte[] damaged = object.clone();
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                CorruptObjectException e =
                        assertThrows(CorruptObjectException.class, () -> readAll(damaged, object.length), "byte " + at);
                assertEquals(ID.objectName(), e.object());
            }
        });
    }

    @Test
    void anObjectThatIsCutShortOrGrownIsCorrupt() throws Exception {
        byte[] object = CommitFixture.join(
                sealer.seal(CommitFixture.draft(ID, new SplittableRandom(4))).bytes());
        for (int length : new int[] {0, 1, 79, 80, 81, 150, object.length - 1, object.length + 1}) {
            byte[] other = Arrays.copyOf(object, length);
            if (length < object.length) {
                assertThrows(CorruptObjectException.class, () -> readAll(other, object.length), "length " + length);
            }
            assertThrows(CorruptObjectException.class, () -> readAll(other, length), "length " + length);
        }
    }

    @Test
    void anObjectUnderAnotherNameOrOfAnotherVolumeIsCorrupt() throws Exception {
        SealedCommit sealed = seal(List.of(new FrameContent.Full(ByteBuffer.wrap(new byte[] {1}))));
        byte[] object = CommitFixture.join(sealed.bytes());
        for (CommitId other : List.of(new CommitId(3, 78), new CommitId(4, 77))) {
            CommitReader reader = reader(other, object);
            assertThrows(CorruptObjectException.class, () -> reader.read(other, object.length));
        }
        long high = CommitFixture.VOLUME.getMostSignificantBits();
        long low = CommitFixture.VOLUME.getLeastSignificantBits();
        for (UUID other : List.of(new UUID(high ^ 1, low), new UUID(high, low ^ 1))) {
            CommitReader reader = reader(ID, object, CommitFixture.keys(other));
            assertThrows(CorruptObjectException.class, () -> reader.read(ID, object.length));
        }
    }

    @Test
    void aFrameOfAnotherTimelineUnderTheSameNameIsCorrupt() throws Exception {
        List<FrameContent> slots = List.of(new FrameContent.Full(ByteBuffer.wrap(new byte[] {1})));
        FrameTable expected = seal(slots, new SplittableRandom(1)).frames();
        CommitReader reader = reader(
                ID, CommitFixture.join(seal(slots, new SplittableRandom(2)).bytes()));

        assertThrows(CorruptObjectException.class, () -> reader.readPage(expected, 0, 0));
    }

    @Test
    void aFenceIsReadBackAndBoundToItsPlace() throws Exception {
        byte[] object = FenceSealer.seal(keys, ID, 9, Salt.random(new SplittableRandom(1)))
                .array();

        Fence fence = assertInstanceOf(Fence.class, reader(ID, object).read(ID, object.length));

        assertEquals(9, fence.claimingEpoch());
        CommitId elsewhere = new CommitId(4, ID.seq());
        assertThrows(
                CorruptObjectException.class, () -> reader(elsewhere, object).read(elsewhere, object.length));
    }

    @Test
    void theHeadIsReadWithoutTheData() throws Exception {
        List<FrameContent> slots = new ArrayList<>();
        byte[] noise = new byte[CommitLimits.CHUNK_BYTES];
        new SplittableRandom(1).nextBytes(noise);
        for (int i = 0; i < 8; i++) {
            slots.add(new FrameContent.Full(ByteBuffer.wrap(noise)));
        }
        byte[] object = CommitFixture.join(seal(slots).bytes());
        byte[] head = Arrays.copyOf(object, 200_000);

        assertInstanceOf(CommitLog.class, reader(ID, head).read(ID, object.length));
    }

    @Test
    void namesSortAsNumbersAndAreReadBack() {
        CommitId small = new CommitId(9, 15);
        CommitId large = new CommitId(10, 16);

        assertEquals("commits/0000000000000009/000000000000000f", small.objectName());
        assertTrue(small.objectName().compareTo(large.objectName()) < 0);
        assertEquals(small, CommitId.ofObjectName(small.objectName()));
        for (String bad : List.of("", "commits/", "commits/0000000000000009/000000000000000F", "commits/1/1")) {
            assertEquals(null, CommitId.ofObjectName(bad));
        }
    }

    private SealedCommit seal(List<FrameContent> slots) {
        return seal(slots, new SplittableRandom(1));
    }

    private SealedCommit seal(List<FrameContent> slots, SplittableRandom random) {
        CommitDraft.Log log = new CommitDraft.Log(0, Salt.NONE, List.of(), List.of());
        return sealer.seal(new CommitDraft(ID, Salt.random(random), log, slots));
    }

    private CommitReader reader(CommitId id, byte[] object) throws Exception {
        return reader(id, object, keys);
    }

    private static CommitReader reader(CommitId id, byte[] object, ObjectKeys keys) throws Exception {
        MemoryObjectStore store = new MemoryObjectStore();
        store.put(id.objectName(), List.of(ByteBuffer.wrap(object)), new IfAbsent());
        return new CommitReader(store, keys);
    }

    private void readAll(byte[] object, long objectLength) throws Exception {
        CommitReader reader = reader(ID, object);
        CommitLog log = (CommitLog) reader.read(ID, objectLength);
        for (Frame frame : log.frames().frames()) {
            for (int page = 0; page < frame.pageCount(); page++) {
                reader.readPage(log.frames(), frame.slot(), page);
            }
        }
    }

    private static byte[] cut(byte[] bytes) {
        return Arrays.copyOf(bytes, Math.max(ObjectHeader.BYTES - 1, bytes.length - 1));
    }

    private static void assertSealedPagesAreThoseOfTheObject(SealedCommit sealed, CommitReader reader, int slot)
            throws Exception {
        Frame frame = sealed.frames().frame(slot);
        for (int page = 0; page < frame.pageCount(); page++) {
            ByteBuffer stored =
                    frame.pageStoredLength(page) == 0 ? ByteBuffer.allocate(0) : sealed.storedPage(slot, page);
            assertEquals(
                    reader.readPage(sealed.frames(), slot, page), reader.openPage(sealed.frames(), slot, page, stored));
        }
    }

    /** Compares what a chunk full of ones becomes. */
    private static void assertHolds(FrameContent content, CommitReader reader, FrameTable table, int slot)
            throws Exception {
        byte[] expected = new byte[CommitLimits.CHUNK_BYTES];
        byte[] actual = new byte[CommitLimits.CHUNK_BYTES];
        Arrays.fill(expected, (byte) 1);
        Arrays.fill(actual, (byte) 1);
        Frame frame = table.frame(slot);
        ByteBuffer plain = ByteBuffer.allocate(frame.length());
        for (int page = 0; page < frame.pageCount(); page++) {
            plain.put(reader.readPage(table, slot, page));
        }
        plain.flip();
        if (content instanceof FrameContent.Full full) {
            Arrays.fill(expected, (byte) 0);
            full.chunk().duplicate().get(expected, 0, full.chunk().remaining());
            Arrays.fill(actual, (byte) 0);
            plain.get(actual, 0, plain.remaining());
        } else if (content instanceof FrameContent.Delta delta) {
            for (FrameContent.Range range : delta.ranges()) {
                Arrays.fill(expected, range.offset(), range.offset() + range.length(), (byte) 0);
                if (range instanceof FrameContent.Data data) {
                    data.bytes().duplicate().get(expected, data.offset(), data.length());
                }
            }
            overlay(reader.openMap(table, slot, plain.slice(0, frame.mapLength())), plain, actual);
        } else {
            assertEquals(FrameKind.CLOSED, frame.kind());
        }
        assertArrayEquals(expected, actual);
    }

    private static void overlay(DeltaMap map, ByteBuffer plain, byte[] chunk) {
        for (int i = 0; i < map.count(); i++) {
            assertEquals(i, map.firstBehind(map.offset(i)));
            if (map.isZeros(i)) {
                Arrays.fill(chunk, map.offset(i), map.offset(i) + map.length(i), (byte) 0);
            } else {
                plain.get(map.source(i), chunk, map.offset(i), map.length(i));
            }
        }
    }
}
