// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.random.Seeds;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The contract of every {@link Volume} about chunks; part of {@link VolumeContract}. */
abstract class VolumeChunkContract extends VolumeFixture {
    @Test
    void holesReadAsZeros() throws Exception {
        byte[] read = new byte[CHUNK + 10];
        Arrays.fill(read, (byte) 7);
        volume.read(5, CHUNK - 5, ByteBuffer.wrap(read));
        assertArrayEquals(new byte[CHUNK + 10], read);
    }

    @Test
    void aReadAdvancesThePositionOfItsDestinationByItsLength() throws Exception {
        ByteBuffer direct = ByteBuffer.allocateDirect(100);
        direct.position(10);
        writeAt(0, 0, bytes("hello"));
        volume.prepareRead(1, 1, 4).into(direct);
        assertEquals(14, direct.position());
        assertEquals('e', direct.get(10));
    }

    @Test
    void chunksOfOtherInodesAreApart() throws Exception {
        writeAt(3, 0, bytes("three"));
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(2, 3), 0, ByteBuffer.wrap(bytes("other")));
        applyOn(batch, new ChunkRange(2, 3, 4), 5);
        assertArrayEquals(bytes("three"), read(3L * CHUNK, 5));
        assertEquals(0, volume.presentChunks(new ChunkRange(3, 0, 100), 10, false).length);
    }

    @Test
    void aWriteLeavesTheBufferAlone() throws Exception {
        ByteBuffer source = ByteBuffer.wrap(bytes("0123456789"));
        source.position(2).limit(7);
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(1, 0), 1, source);
        applyOn(batch, new ChunkRange(1, 0, 1), 5);
        assertEquals(2, source.position());
        assertEquals(7, source.limit());
        assertArrayEquals(bytes("\00023456\000"), read(0, 7));
    }

    @Test
    void bytesBesideADurableWriteAreThoseOfTheWriteBefore() throws Exception {
        byte[] expected = new byte[CHUNK];
        Arrays.fill(expected, (byte) 'a');
        writeAt(0, 0, expected);
        volume.barrier().get();
        byte[] later = bytes("later");
        writeAt(0, 100, later);
        volume.barrier().get();
        System.arraycopy(later, 0, expected, 100, later.length);
        assertArrayEquals(Arrays.copyOf(expected, 4096), read(0, 4096));
    }

    @Test
    void aWriteBeyondTheChunkIsRefused() {
        Batch batch = volume.newBatch();
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> batch.writeChunk(new ChunkId(1, 0), CHUNK - 2, ByteBuffer.allocate(3)));
    }

    @Test
    void theFarEndOfTheLargestFileCanBeWritten() throws Exception {
        long last = (1L << 46) - 1;
        writeAt(last, CHUNK - 3, bytes("end"));
        assertArrayEquals(bytes("end"), read(-3, 3));
        assertArrayEquals(new long[] {last}, volume.presentChunks(new ChunkRange(1, 0, 1L << 46), 10, true));
    }

    @Test
    void writesZeroesAndDeletionsInAnyOverlapReadAsTheLastOne() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] model = new byte[3 * CHUNK];
            boolean[] present = new boolean[3];
            for (int round = 0; round < 60; round++) {
                Batch batch = volume.newBatch();
                int changes = 1 + random.nextInt(4);
                for (int i = 0; i < changes; i++) {
                    changeAtRandom(random, batch, model, present);
                }
                applyOn(batch, new ChunkRange(1, 0, 3), 4 * CHUNK);
                assertArrayEquals(model, read(0, model.length));
                assertArrayEquals(indexes(present), volume.presentChunks(new ChunkRange(1, 0, 3), 9, false));
            }
        });
    }

    private static void changeAtRandom(SplittableRandom random, Batch batch, byte[] model, boolean[] present) {
        int chunk = random.nextInt(3);
        int offset = random.nextInt(4) == 0 ? 0 : random.nextInt(CHUNK);
        int length = random.nextInt(4) == 0 ? CHUNK - offset : 1 + random.nextInt(Math.min(9000, CHUNK - offset));
        int start = chunk * CHUNK + offset;
        switch (random.nextInt(5)) {
            case 0 -> {
                batch.zeroChunk(new ChunkId(1, chunk), offset, length);
                Arrays.fill(model, start, start + length, (byte) 0);
            }
            case 1 -> {
                batch.deleteChunk(new ChunkId(1, chunk));
                Arrays.fill(model, chunk * CHUNK, (chunk + 1) * CHUNK, (byte) 0);
                present[chunk] = false;
            }
            default -> {
                byte[] data = new byte[length];
                random.nextBytes(data);
                batch.writeChunk(new ChunkId(1, chunk), offset, ByteBuffer.wrap(data));
                System.arraycopy(data, 0, model, start, length);
                present[chunk] = true;
            }
        }
    }

    @Test
    void zeroingLeavesAChunkPresentAndAnAbsentOneAbsent() throws Exception {
        writeAt(0, 0, bytes("x"));
        Batch batch = volume.newBatch();
        batch.zeroChunk(new ChunkId(1, 0), 0, CHUNK);
        batch.zeroChunk(new ChunkId(1, 1), 0, CHUNK);
        applyOn(batch, new ChunkRange(1, 0, 2), 100);
        assertArrayEquals(new byte[1], read(0, 1));
        assertArrayEquals(new long[] {0}, volume.presentChunks(new ChunkRange(1, 0, 9), 9, false));
    }

    @Test
    void aChunkDeletedAndWrittenInOneBatchHasOnlyTheLaterWrite() throws Exception {
        writeAt(0, 0, bytes("old old old"));
        Batch batch = volume.newBatch();
        batch.deleteChunk(new ChunkId(1, 0));
        batch.writeChunk(new ChunkId(1, 0), 4, ByteBuffer.wrap(bytes("new")));
        applyOn(batch, new ChunkRange(1, 0, 1), 3);
        assertArrayEquals(bytes("\0\0\0\0new\0\0\0\0"), read(0, 11));
    }

    @Test
    void zerosWrittenOverWholeChunksKeepThemPresentAcrossAReopening() throws Exception {
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(1, 4), 0, ByteBuffer.allocate(CHUNK));
        applyOn(batch, new ChunkRange(1, 4, 5), CHUNK);
        volume.barrier().get(1, TimeUnit.MINUTES);
        volume = crashAndReopen(volume);
        assertArrayEquals(new long[] {4}, volume.presentChunks(new ChunkRange(1, 0, 9), 9, false));
    }

    @Test
    void aPreparedReadKeepsItsData() throws Exception {
        writeAt(0, 0, bytes("first"));
        writeAt(1, 0, bytes("second"));
        RangeRead before = volume.prepareRead(1, 0, CHUNK + 6);
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(1, 0), 0, ByteBuffer.wrap(bytes("FIRST")));
        batch.deleteChunk(new ChunkId(1, 1));
        applyOn(batch, new ChunkRange(1, 0, 2), 5);
        volume.barrier().get(1, TimeUnit.MINUTES);
        ByteBuffer seen = ByteBuffer.allocate(CHUNK + 6);
        before.into(seen);
        assertArrayEquals(bytes("first"), Arrays.copyOf(seen.array(), 5));
        assertArrayEquals(bytes("second"), Arrays.copyOfRange(seen.array(), CHUNK, CHUNK + 6));
        assertArrayEquals(bytes("FIRST"), read(0, 5));
    }

    @Test
    void presentChunksAreListedFromBothEnds() throws Exception {
        for (long index : new long[] {2, 3, 5, 8, 1L << 40}) {
            writeAt(index, 9, bytes("x"));
        }
        assertArrayEquals(new long[] {3, 5, 8}, volume.presentChunks(new ChunkRange(1, 3, 9), 9, false));
        assertArrayEquals(new long[] {8, 5, 3}, volume.presentChunks(new ChunkRange(1, 3, 9), 9, true));
        assertArrayEquals(new long[] {2, 3}, volume.presentChunks(new ChunkRange(1, 0, 1L << 46), 2, false));
        assertArrayEquals(new long[] {1L << 40, 8}, volume.presentChunks(new ChunkRange(1, 0, 1L << 46), 2, true));
        assertArrayEquals(new long[0], volume.presentChunks(new ChunkRange(1, 6, 8), 9, true));
        assertArrayEquals(new long[0], volume.presentChunks(new ChunkRange(1, 6, 6), 9, false));
    }

    @Test
    void chunksOfAllFilesAreListedInOrder() throws Exception {
        List<ChunkId> all = List.of(new ChunkId(1, 5), new ChunkId(1, 8), new ChunkId(1, 1L << 40), new ChunkId(7, 2));
        for (ChunkId chunk : all) {
            Batch batch = volume.newBatch();
            batch.writeChunk(chunk, 0, ByteBuffer.wrap(bytes("x")));
            applyOn(batch, new ChunkRange(chunk.inode(), chunk.index(), chunk.index() + 1), 1);
        }
        assertEquals(all, volume.chunksFrom(new ChunkId(0, 0), 9));
        assertEquals(all.subList(1, 3), volume.chunksFrom(new ChunkId(1, 8), 2));
        assertEquals(all.subList(2, 4), volume.chunksFrom(new ChunkId(1, 9), 9));
        assertEquals(List.of(), volume.chunksFrom(new ChunkId(7, 3), 9));
    }

    @Test
    void writesOfOneChunkByManyThreadsAreEachWhole() throws Exception {
        int threads = 4;
        int piece = CHUNK / threads;
        concurrently(threads, thread -> {
            byte[] data = new byte[piece];
            for (int round = 1; round <= 30; round++) {
                Arrays.fill(data, (byte) round);
                Batch batch = volume.newBatch();
                batch.writeChunk(new ChunkId(1, 0), thread * piece, ByteBuffer.wrap(data));
                applyOn(batch, new ChunkRange(1, 0, 1), piece);
                byte[] seen = read((long) thread * piece, piece);
                assertArrayEquals(data, seen);
            }
        });
    }

    @Test
    void theDestinationMayBeHeapDirectOrASlice() throws Exception {
        writeAt(0, 0, bytes("0123456789"));
        ByteBuffer slice = ByteBuffer.allocate(100).position(50).slice(0, 10).limit(5);
        volume.read(1, 2, slice);
        assertFalse(slice.hasRemaining());
        assertEquals('2', slice.get(0));
        ByteBuffer direct = ByteBuffer.allocateDirect(5);
        volume.read(1, 5, direct);
        assertEquals('9', direct.get(4));
    }

    private static long[] indexes(boolean[] present) {
        long[] result = new long[present.length];
        int count = 0;
        for (int i = 0; i < present.length; i++) {
            if (present[i]) {
                result[count++] = i;
            }
        }
        return Arrays.copyOf(result, count);
    }
}
