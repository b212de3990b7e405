// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.index.FrameReference;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ExtentsTest {
    private static final int CHUNK = Volume.CHUNK_BYTES;
    private static final int BLOCK = FrameReference.DELTA_BLOCK_BYTES;
    private static final int RETURNED_MAX = 32;

    /** Every byte, and whether it was written. */
    private static final class Model {
        final byte[] bytes = new byte[CHUNK];
        final boolean[] written = new boolean[CHUNK];

        void write(int offset, byte[] data) {
            System.arraycopy(data, 0, bytes, offset, data.length);
            Arrays.fill(written, offset, offset + data.length, true);
        }

        void zero(int from, int to) {
            Arrays.fill(bytes, from, to, (byte) 0);
            Arrays.fill(written, from, to, true);
        }

        long blocks(boolean all) {
            long blocks = 0;
            for (int block = 0; block < CHUNK / BLOCK; block++) {
                int count = 0;
                for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
                    count += written[i] ? 1 : 0;
                }
                blocks |= (all ? count == BLOCK : count > 0) ? 1L << block : 0;
            }
            return blocks;
        }
    }

    @Test
    void anyOrderOfWritesAndZeroesReadsAsTheLastOneAndKnowsItsBlocks() throws Exception {
        Seeds.run(40, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            SlabAllocator slabs = new SlabAllocator(RETURNED_MAX);
            Extents extents = new Extents();
            Model model = new Model();
            Extents neighbour = new Extents();
            Model neighbourModel = new Model();
            int window = 1 + random.nextInt(random.nextBoolean() ? 40_000 : CHUNK);
            int offsetBefore = 0;
            int lengthBefore = 0;
            for (int step = 0; step < 60; step++) {
                int offset = random.nextInt(window);
                int length = 1 + random.nextInt(Math.min(CHUNK - offset, random.nextInt(4) == 0 ? 60_000 : 3000));
                if (random.nextInt(4) == 0) {
                    offset -= offset % BLOCK;
                }
                if (random.nextInt(3) == 0 && lengthBefore > 0) {
                    offset = offsetBefore;
                    length = lengthBefore;
                }
                offsetBefore = offset;
                lengthBefore = length;
                if (random.nextInt(4) == 0) {
                    extents.zero(offset, offset + length, false);
                    model.zero(offset, offset + length);
                } else {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    long expected = extents.coveredWith(offset, offset + length);
                    if (random.nextBoolean()) {
                        extents.write(offset, data.clone());
                    } else {
                        extents.write(offset, range(slabs, data));
                    }
                    model.write(offset, data);
                    assertEquals(expected, extents.coveredBlocks());
                    neighbour.write(offset, range(slabs, data));
                    neighbourModel.write(offset, data);
                }
                compare(model, extents, random);
                compare(neighbourModel, neighbour, random);
            }
        });
    }

    private static SlabAllocator.Range range(SlabAllocator slabs, byte[] data) {
        SlabAllocator.Range range = slabs.take(data.length);
        System.arraycopy(data, 0, range.bytes(), range.offset(), data.length);
        return range;
    }

    private static void compare(Model model, Extents extents, SplittableRandom random) {
        assertEquals(model.blocks(false), extents.touchedBlocks());
        assertEquals(model.blocks(true), extents.coveredBlocks());
        int from = random.nextInt(CHUNK);
        int to = from + random.nextInt(CHUNK - from);
        int[] next = {from};
        extents.visit(from, to, (start, length, data, offset) -> {
            assertTrue(start >= next[0] && length > 0 && start + length <= to);
            for (int i = next[0]; i < start; i++) {
                assertTrue(!model.written[i]);
            }
            for (int i = 0; i < length; i++) {
                assertTrue(model.written[start + i]);
                assertEquals(model.bytes[start + i], data == null ? 0 : data[offset + i]);
            }
            next[0] = start + length;
        });
        for (int i = next[0]; i < to; i++) {
            assertTrue(!model.written[i]);
        }
        boolean whole = true;
        for (int i = from; i < to; i++) {
            whole &= model.written[i];
        }
        assertEquals(whole, extents.contains(from, to));
    }

    @Test
    void memoryStaysInProportionToTheWrittenBytes() {
        Extents one = new Extents();
        for (int i = 0; i < 40_000; i++) {
            one.write(i, new byte[] {1});
        }
        assertTrue(one.memoryBytes() < 2 * 40_000, () -> one.memoryBytes() + " bytes");
        Extents cut = new Extents();
        cut.write(0, new byte[100_000]);
        cut.zero(10, 100_000, false);
        assertTrue(cut.memoryBytes() < 200, () -> cut.memoryBytes() + " bytes");
    }

    @Test
    void anEmptyRangeWithinAPieceHasNoPieces() {
        Extents extents = new Extents();
        extents.write(10, new byte[1000]);
        extents.visit(500, 500, (start, length, data, offset) -> fail("a piece at " + start));
    }

    @Test
    void aWriteOfAWholeChunkKeepsOnlyTheArray() {
        Extents extents = new Extents();
        extents.write(5, new byte[1000]);
        extents.zero(3000, 9000, false);
        byte[] whole = new byte[CHUNK];
        extents.write(0, whole);
        assertEquals(1, extents.pieceCount());
        extents.visit(0, CHUNK, (start, length, data, offset) -> assertEquals(whole, data));
        assertEquals(CHUNK + Extents.PIECE_OVERHEAD_BYTES, extents.memoryBytes());
    }

    @Test
    void bytesOverwrittenInPlaceLeaveTheirSlab() {
        SlabAllocator slabs = new SlabAllocator(RETURNED_MAX);
        Extents extents = new Extents();
        extents.write(0, slabs.take(10_000));
        int once = extents.memoryBytes();
        for (int i = 0; i < 1000; i++) {
            extents.write(0, slabs.take(10_000));
        }
        assertEquals(once, extents.memoryBytes());
        assertEquals(once, 10_000 + Extents.PIECE_OVERHEAD_BYTES);
    }

    @Test
    void theRoomOfOverwrittenBytesIsReused() {
        SlabAllocator slabs = new SlabAllocator(RETURNED_MAX);
        Extents extents = new Extents();
        SlabAllocator.Range first = slabs.take(10_000);
        extents.write(0, first);
        SlabAllocator.Range second = slabs.take(10_000);
        slabs.take(10_000);
        extents.write(0, second);
        assertEquals(10_000 + Extents.PIECE_OVERHEAD_BYTES, extents.memoryBytes());
        assertEquals(first, slabs.take(10_000));
        extents.write(0, slabs.take(10_000));
        slabs.forgetReturned();
        assertTrue(slabs.take(10_000).offset() > second.offset(), "who forgot a range must not take it");
    }

    @Test
    void unusedRoomOfASlabCountsAsMemoryUntilTheCommitGoes() {
        SlabAllocator slabs = new SlabAllocator(1);
        Extents extents = new Extents();
        SlabAllocator.Range waits = slabs.take(BLOCK);
        slabs.take(BLOCK);
        assertTrue(slabs.giveBack(waits));
        extents.write(0, slabs.take(10_000));
        SlabAllocator.Range second = slabs.take(10_000);
        slabs.take(10_000);
        extents.write(0, second);
        assertEquals(20_000 + Extents.PIECE_OVERHEAD_BYTES, extents.memoryBytes());
        extents.zero(0, CHUNK, true);
        assertEquals(20_000, extents.memoryBytes());
        assertEquals(20_000, extents.emptied().memoryBytes());
    }

    @Test
    void bytesThatFollowEachOtherInFileAndSlabAreOnePiece() {
        SlabAllocator slabs = new SlabAllocator(RETURNED_MAX);
        Extents extents = new Extents();
        for (int i = 0; i < 8; i++) {
            extents.write(i * BLOCK, slabs.take(BLOCK));
        }
        assertEquals(1, extents.pieceCount());
        assertTrue(extents.contains(0, 8 * BLOCK));
    }

    @Test
    void zerosCostNoBuffer() {
        Extents extents = new Extents();
        extents.zero(0, CHUNK, false);
        assertEquals(Extents.PIECE_OVERHEAD_BYTES, extents.memoryBytes());
        assertEquals(FrameReference.ALL_BLOCKS, extents.coveredBlocks());
    }
}
