// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.util.Arrays;
import java.util.List;

/**
 * The ranges of a delta, ascending and not overlapping. Immutable.
 *
 * <pre>
 *   varint ranges
 *   per range: varint gap since the end of the range before   varint length * 2 + (1 if zeros)
 * </pre>
 */
public final class DeltaMap {
    private final int[] offsets;
    private final int[] lengths;
    /** Offset of each range's data in the frame's plain bytes; -1 for zeros. */
    private final int[] sources;

    private final int frameLength;

    private DeltaMap(int[] offsets, int[] lengths, int[] sources, int mapLength) {
        this.offsets = offsets;
        this.lengths = lengths;
        this.sources = sources;
        int at = mapLength;
        for (int i = 0; i < lengths.length; i++) {
            if (sources[i] >= 0) {
                sources[i] = at;
                at += lengths[i];
            }
        }
        this.frameLength = at;
    }

    public int count() {
        return offsets.length;
    }

    /** Returns the byte offset of a range in the chunk. */
    public int offset(int range) {
        return offsets[range];
    }

    public int length(int range) {
        return lengths[range];
    }

    public boolean isZeros(int range) {
        return sources[range] < 0;
    }

    /** Returns the offset of the range's data in the frame's plain bytes; -1 for zeros. */
    public int source(int range) {
        return sources[range];
    }

    /** Returns the index of the first range that ends after this offset of the chunk; {@link #count()} if none does. */
    public int firstBehind(int chunkOffset) {
        int index = Arrays.binarySearch(offsets, chunkOffset);
        if (index >= 0) {
            return index;
        }
        int before = -index - 2;
        return before >= 0 && offsets[before] + lengths[before] > chunkOffset ? before : before + 1;
    }

    static void write(List<FrameContent.Range> ranges, ByteWriter writer) {
        if (ranges.isEmpty()) {
            throw new IllegalArgumentException("a delta has at least one range");
        }
        writer.varint(ranges.size());
        int end = 0;
        for (FrameContent.Range range : ranges) {
            int length = range.length();
            if (range.offset() < end || length < 1 || range.offset() > CommitLimits.CHUNK_BYTES - length) {
                throw new IllegalArgumentException("the ranges of a delta overlap or leave the chunk");
            }
            writer.varint(range.offset() - end).varint(2L * length + (range instanceof FrameContent.Zeros ? 1 : 0));
            end = range.offset() + length;
        }
    }

    /**
     * Reads a map, which must take all the bytes that the reader has.
     *
     * @param frameLength plain bytes of the frame, which the map must account for
     */
    static DeltaMap read(ByteReader reader, int frameLength) throws CorruptObjectException {
        int mapLength = reader.remaining();
        int count = reader.count(CommitLimits.RANGES_MAX, 2);
        reader.require(count > 0, "a delta without ranges");
        int[] offsets = new int[count];
        int[] lengths = new int[count];
        int[] sources = new int[count];
        int end = 0;
        for (int i = 0; i < count; i++) {
            offsets[i] = end + reader.varint(CommitLimits.CHUNK_BYTES - end);
            int coded = reader.varint(2 * CommitLimits.CHUNK_BYTES + 1);
            lengths[i] = coded >> 1;
            sources[i] = (coded & 1) == 0 ? 0 : -1;
            end = offsets[i] + lengths[i];
            reader.require(lengths[i] > 0 && end <= CommitLimits.CHUNK_BYTES, "a range leaves the chunk");
        }
        reader.end();
        DeltaMap map = new DeltaMap(offsets, lengths, sources, mapLength);
        reader.require(map.frameLength == frameLength, "the ranges do not account for the frame's bytes");
        return map;
    }
}
