// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.random.Mutations;
import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Commits, fences and frame tables of any bytes, sealed ones also with a right seal, are read or called corrupt. */
final class CommitFuzzTest {
    private static final int ROUNDS = 60_000;
    private static final int KINDS = 6;
    private static final CommitId COMMIT = new CommitId(5, 42);
    private static final int FRAME_BYTES = 5_000;

    @Test
    void damagedBytesAreReadOrCorrupt() throws Exception {
        GoldenBytes golden = GoldenBytes.load("objects.hex");
        List<byte[]> samples = new ArrayList<>();
        samples.add(Mutations.sample(0, golden.get("commit log")));
        samples.add(Mutations.sample(1, golden.get("fence section")));
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 20; i++) {
            CommitDraft draft = CommitFixture.draft(COMMIT, random);
            byte[] object =
                    CommitFixture.join(new CommitSealer(CommitFixture.keys(), Compression.NONE, ParallelSteps.NONE)
                            .seal(draft)
                            .bytes());
            if (object.length < 20_000) {
                samples.add(Mutations.sample(3, object));
            }
        }
        MemoryObjectStore store = new MemoryObjectStore();
        put(store, golden.get("commit"));
        CommitLog log = (CommitLog) new CommitReader(store, CommitFixture.keys()).read(COMMIT);
        samples.add(Mutations.sample(2, log.frames().encode()));
        samples.add(Mutations.sample(3, golden.get("commit")));
        samples.add(Mutations.sample(3, golden.get("fence")));
        samples.add(Mutations.sample(4, new byte[] {2, 8, 16, 8, 17, 1, 2, 3, 4, 5, 6, 7, 8}));
        samples.add(Mutations.sample(5, golden.get("commit")));
        Mutations.run(samples, ROUNDS, CommitFuzzTest::fuzzerTestOneInput);
    }

    /** The first byte chooses the reader. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        Mutations.readSample(input, KINDS, (kind, bytes) -> {
            try {
                read(kind, bytes);
            } catch (CorruptObjectException e) {
                assertTrue(e.getMessage().length() < 300, e.getMessage());
            }
        });
    }

    private static void read(int kind, byte[] bytes) throws Exception {
        switch (kind) {
            case 0 -> LogSection.read(COMMIT, header(bytes.length), ByteBuffer.wrap(bytes));
            case 1 -> FenceSealer.read(COMMIT, header(bytes.length), ByteBuffer.wrap(bytes));
            case 2 -> {
                FrameTable table = FrameTable.decode(bytes, "fuzz");
                table.commit();
                byte[] written = table.encode();
                assertArrayEquals(written, FrameTable.decode(written, "fuzz").encode());
            }
            case 3 -> {
                MemoryObjectStore store = new MemoryObjectStore();
                put(store, bytes);
                new CommitReader(store, CommitFixture.keys()).read(COMMIT, bytes.length);
            }
            case 4 -> DeltaMap.read(new ByteReader(ByteBuffer.wrap(bytes), "fuzz", "map"), FRAME_BYTES);
            default -> ObjectHeader.read(ByteBuffer.wrap(bytes), "fuzz").objectLength();
        }
    }

    /** Of a commit without data, as long as such a log section makes it. */
    private static ObjectHeader header(int logBytes) {
        return new ObjectHeader(
                ObjectKind.COMMIT, ObjectHeader.FIRST_KEY_ID, 6, 42, Salt.random(new SplittableRandom(3)), logBytes, 0);
    }

    private static void put(MemoryObjectStore store, byte[] bytes) {
        store.put(COMMIT.objectName(), List.of(ByteBuffer.wrap(bytes)), new ObjectStore.IfAbsent());
    }
}
