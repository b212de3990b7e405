// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.zerofs.core.format.Keys;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Big removals and truncations: answered at once, finished in the background, across crashes too. */
final class RemovalInBackgroundTest {
    private static final int CHUNK = FileChunks.CHUNK_BYTES;
    private static final int CHUNKS = 100;

    /** Bytes of the root and of a file whose name has one letter. */
    private static final long ROOT_BYTES = 128;

    private static final long FILE_BYTES = 128 + 64 + 2;
    private static final FileSystemSettings SMALL_STEPS = FileSystemSettings.DEFAULTS.withBackgroundBatchChunks(7);

    private MemoryVolume volume = new MemoryVolume();
    private ZeroFileSystem files = open();

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void aRemovedFileLeavesNothing() throws Exception {
        InodeId id = bigFile();
        files.remove(Credentials.ROOT, files.root(), FileName.of("f"), RemoveMode.FILE);
        assertEquals(ROOT_BYTES, files.statistics().bytesUsed());
        files.awaitRemovals();
        assertEquals(0, present(id).length);
        assertNull(volume.get(Keys.tombstone(id.number())));
    }

    @Test
    void aRemovalThatACrashInterruptedIsFinishedAtTheNextStart() throws Exception {
        InodeId id = bigFile();
        files.remove(Credentials.ROOT, files.root(), FileName.of("f"), RemoveMode.FILE);
        files.close();
        files.barrier().join();
        volume = volume.reopen();
        files = open();
        files.awaitRemovals();
        assertEquals(0, present(id).length);
    }

    @Test
    void aHeldFileLivesUntilItIsReleased() throws Exception {
        InodeId id = bigFile();
        FileHold hold = files.hold(id, FileHold.Kind.OPEN);
        files.remove(Credentials.ROOT, files.root(), FileName.of("f"), RemoveMode.FILE);
        files.awaitRemovals();
        assertEquals(0, files.getAttributes(id).links());
        assertEquals(CHUNKS, present(id).length);
        hold.close();
        files.awaitRemovals();
        assertEquals(0, present(id).length);
        assertEquals(1, files.statistics().inodesUsed());
    }

    @Test
    void aHeldFileWithoutNamesLivesWhileTheBackgroundRemovesItsTail() throws Exception {
        files.close();
        volume = volume.reopen();
        files = open(FileSystemSettings.DEFAULTS.withBackgroundBatchChunks(1));
        InodeId id = bigFile();
        FileHold hold = files.hold(id, FileHold.Kind.OPEN);
        resize(id, CHUNK);
        files.remove(Credentials.ROOT, files.root(), FileName.of("f"), RemoveMode.FILE);
        files.awaitRemovals();
        assertEquals(1, byteAt(id, 0));
        assertEquals(1, present(id).length);
        hold.close();
        files.awaitRemovals();
        assertEquals(0, present(id).length);
    }

    @Test
    void anOrphanOfACrashIsRemovedAtTheNextStart() throws Exception {
        InodeId id = bigFile();
        files.hold(id, FileHold.Kind.OPEN);
        files.remove(Credentials.ROOT, files.root(), FileName.of("f"), RemoveMode.FILE);
        files.barrier().join();
        files.close();
        volume = volume.reopen();
        files = open();
        files.awaitRemovals();
        assertEquals(0, present(id).length);
        assertNull(volume.get(Keys.orphan(id.number())));
        assertEquals(1, files.statistics().inodesUsed());
    }

    @Test
    void aShrunkFileThatGrowsAgainReadsZerosThere() throws Exception {
        InodeId id = bigFile();
        files.close(); // Nothing is drained from here on.
        resize(id, CHUNK + 5);
        resize(id, (long) CHUNKS * CHUNK);
        assertEquals(0, byteAt(id, CHUNK + 5));
        assertEquals(0, byteAt(id, 50L * CHUNK));
        assertEquals(1, byteAt(id, CHUNK + 4));
        write(id, 50L * CHUNK + 3, new byte[] {9});
        assertEquals(0, byteAt(id, 50L * CHUNK + 2));
        assertEquals(9, byteAt(id, 50L * CHUNK + 3));
        files.barrier().join();
        volume = volume.reopen();
        files = open();
        files.awaitRemovals();
        assertEquals(0, byteAt(id, 50L * CHUNK + 2));
        assertEquals(9, byteAt(id, 50L * CHUNK + 3));
        assertArrayEquals(new long[] {0, 1, 50}, present(id));
        assertEquals(3L * CHUNK, files.getAttributes(id).allocatedBytes());
    }

    @Test
    void aSecondTruncationVoidsTheWritesBetween() throws Exception {
        InodeId id = bigFile();
        files.close();
        resize(id, 0);
        write(id, 60L * CHUNK, new byte[] {9});
        resize(id, 0);
        resize(id, (long) CHUNKS * CHUNK);
        assertEquals(0, byteAt(id, 60L * CHUNK));
        write(id, 61L * CHUNK, new byte[] {8});
        resize(id, 61L * CHUNK);
        resize(id, (long) CHUNKS * CHUNK);
        assertEquals(0, byteAt(id, 61L * CHUNK));
        assertEquals(0, present(id).length);
    }

    @Test
    void aTruncatedTailIsNotCountedAgainWhenTheFileGrows() throws Exception {
        long quota = CHUNKS + 10;
        files.close();
        volume = new MemoryVolume();
        files = open(SMALL_STEPS.withQuotaBytes(quota * CHUNK + ROOT_BYTES + 2 * FILE_BYTES));
        InodeId id = bigFile();
        files.close(); // Nothing is drained from here on.
        resize(id, CHUNK);
        InodeId other = create("g");
        write(other, 0, new byte[CHUNKS * CHUNK]);
        long metadata = ROOT_BYTES + 2 * FILE_BYTES;
        assertEquals((CHUNKS + 1L) * CHUNK + metadata, files.statistics().bytesUsed());
        resize(id, (long) CHUNKS * CHUNK);
        assertEquals(CHUNK, files.getAttributes(id).allocatedBytes());
        // Three of the tail and two after it; again, which adds nothing.
        for (int i = 0; i < 2; i++) {
            write(id, 50L * CHUNK, new byte[2 * CHUNK]);
            write(id, (CHUNKS - 1L) * CHUNK, new byte[3 * CHUNK]);
            assertEquals(6L * CHUNK, files.getAttributes(id).allocatedBytes());
        }
        files.barrier().join();
        volume = volume.reopen();
        files = open();
        files.awaitRemovals();
        assertEquals(6, present(id).length);
        assertEquals((CHUNKS + 6L) * CHUNK + metadata, files.statistics().bytesUsed());
    }

    @Test
    void aWriteIntoAHoleOfTheTruncatedTailIsCountedOnce() throws Exception {
        InodeId id = create("f");
        for (int i = 0; i < CHUNKS; i += 2) {
            write(id, (long) i * CHUNK, new byte[CHUNK]);
        }
        files.close();
        resize(id, 0);
        resize(id, (long) CHUNKS * CHUNK);
        assertEquals(0, files.getAttributes(id).allocatedBytes());
        write(id, 10L * CHUNK, new byte[3 * CHUNK]);
        assertEquals(3L * CHUNK, files.getAttributes(id).allocatedBytes());
    }

    @Test
    void whileTheTailIsRemovedItIsNotCounted() throws Exception {
        files.close();
        volume = new MemoryVolume();
        files = open(SMALL_STEPS.withBackgroundBatchChunks(1));
        InodeId id = bigFile();
        resize(id, CHUNK);
        while (present(id).length > 1) {
            assertEquals(CHUNK, files.getAttributes(id).allocatedBytes());
        }
        files.awaitRemovals();
        assertEquals(CHUNK, files.getAttributes(id).allocatedBytes());
    }

    @Test
    void aSecondTruncationForgetsNothingOfTheTail() throws Exception {
        InodeId id = bigFile();
        files.close();
        resize(id, 50L * CHUNK);
        files.deallocate(Credentials.ROOT, id, DataAccess.CHECKED_NOW, 10L * CHUNK, 30L * CHUNK);
        assertEquals(20L * CHUNK, files.getAttributes(id).allocatedBytes());
        resize(id, 45L * CHUNK);
        // At most: bytes that the second truncation cuts off after holes count until they are removed.
        assertEquals(20L * CHUNK, files.getAttributes(id).allocatedBytes());
    }

    @Test
    void theLargestSparseFileIsTruncatedAndRemovedAtOnce() throws Exception {
        InodeId id = create("f");
        resize(id, -1);
        write(id, -2, new byte[] {1});
        resize(id, 1);
        resize(id, -1);
        files.remove(Credentials.ROOT, files.root(), FileName.of("f"), RemoveMode.FILE);
        files.awaitRemovals();
        assertEquals(0, present(id).length);
    }

    private ZeroFileSystem open() {
        return open(SMALL_STEPS);
    }

    private ZeroFileSystem open(FileSystemSettings settings) {
        try {
            return CheckedFileSystems.open(volume, settings, InstantSource.system());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private InodeId create(String name) throws Exception {
        Attributes node = files.create(Credentials.ROOT, files.root(), FileName.of(name), NewNode.file(0644))
                .node();
        return node.id();
    }

    private InodeId bigFile() throws Exception {
        InodeId id = create("f");
        byte[] data = new byte[CHUNK];
        java.util.Arrays.fill(data, (byte) 1);
        for (int i = 0; i < CHUNKS; i++) {
            write(id, (long) i * CHUNK, data);
        }
        return id;
    }

    private void write(InodeId id, long offset, byte[] data) throws Exception {
        files.write(Credentials.ROOT, id, DataAccess.CHECKED_NOW, offset, ByteBuffer.wrap(data));
    }

    private void resize(InodeId id, long size) throws Exception {
        files.setAttributes(Credentials.ROOT, id, AttributeChange.ofSize(size), DataAccess.CHECKED_NOW);
    }

    private int byteAt(InodeId id, long offset) throws Exception {
        ByteBuffer one = ByteBuffer.allocate(1);
        files.read(Credentials.ROOT, id, DataAccess.CHECKED_NOW, offset, one);
        assertEquals(0, one.remaining());
        return one.get(0);
    }

    private long[] present(InodeId id) throws Exception {
        return volume.presentChunks(new ChunkRange(id.number(), 0, 1L << 46), 10_000, false);
    }
}
