// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.volume.Volume;
import io.zerofs.storage.index.FrameReference;
import java.util.Arrays;

/**
 * Bytes written to a part of one chunk: pieces that do not overlap, sorted by offset. A buffer is as large as its data;
 * zeros have none. Not thread-safe: the stripe of the chunk guards it while its commit is open. Afterwards it never
 * changes.
 */
public final class Extents {
    /** Memory of a piece besides its bytes: object, array header and references. */
    static final int PIECE_OVERHEAD_BYTES = 64;

    // Shorter writes that continue a piece share one array; otherwise each would cost the overhead.
    private static final int COLLECT_BYTES_MAX = SlabAllocator.RANGE_BYTES_MIN;
    private static final int COLLECT_BYTES_MIN = 256;
    private static final int BLOCK = FrameReference.DELTA_BLOCK_BYTES;

    /** Receives pieces in ascending order. */
    public interface PieceVisitor {
        /** @param data the array with the bytes, or null for zeros */
        void piece(int start, int length, byte[] data, int dataOffset);
    }

    private static final class Piece {
        final int start;
        int end;
        byte[] data;
        int dataOffset;
        /** Whether the array is a slab, which other pieces share. */
        final boolean shared;

        Piece(int start, int end, byte[] data, int dataOffset, boolean shared) {
            this.start = start;
            this.end = end;
            this.data = data;
            this.dataOffset = dataOffset;
            this.shared = shared;
        }

        /** Appends bytes that lie directly after its own in the same slab. */
        boolean extend(SlabAllocator.Range bytes) {
            boolean next = data == bytes.bytes() && dataOffset + end - start == bytes.offset();
            end += next ? bytes.length() : 0;
            return next;
        }

        /** Replaces all its bytes and returns the old ones. */
        SlabAllocator.Range exchange(SlabAllocator.Range bytes) {
            SlabAllocator.Range before = new SlabAllocator.Range(data, dataOffset, bytes.length(), bytes.slabs());
            data = bytes.bytes();
            dataOffset = bytes.offset();
            return before;
        }

        /** Returns the memory that goes with the piece. Its range of a slab stays taken. */
        int memoryBytes() {
            return PIECE_OVERHEAD_BYTES + (data == null || shared ? 0 : data.length);
        }
    }

    private Piece[] pieces = new Piece[2];
    private int count;
    private int memoryBytes;
    private int slabBytes;
    private long touched;
    private long covered;

    /** Returns the blocks with at least one written byte. */
    public long touchedBlocks() {
        return touched;
    }

    /** Returns the blocks whose every byte was written. */
    public long coveredBlocks() {
        return covered;
    }

    /** Returns the memory with all ranges of slabs, also overwritten ones, which are not used again. */
    public int memoryBytes() {
        return memoryBytes + slabBytes;
    }

    /** Returns the extents without content. */
    Extents emptied() {
        Extents empty = new Extents();
        empty.slabBytes = slabBytes;
        return empty;
    }

    public int pieceCount() {
        return count;
    }

    public static long touchedBy(int from, int to) {
        return from == to ? 0 : blockRange(from / BLOCK, (to - 1) / BLOCK + 1);
    }

    /** Returns the blocks that would be covered if this range were written too. */
    public long coveredWith(int from, int to) {
        long result = covered | blockRange((from + BLOCK - 1) / BLOCK, to / BLOCK);
        int firstBlock = from / BLOCK * BLOCK;
        if (from != firstBlock && edgeCovered(firstBlock, from, to)) {
            result |= 1L << (firstBlock / BLOCK);
        }
        int lastBlock = to / BLOCK * BLOCK;
        if (to != lastBlock && lastBlock != firstBlock && edgeCovered(lastBlock, from, to)) {
            result |= 1L << (lastBlock / BLOCK);
        }
        if (to != lastBlock && lastBlock == firstBlock && from == firstBlock && edgeCovered(firstBlock, from, to)) {
            result |= 1L << (firstBlock / BLOCK);
        }
        return result;
    }

    /** Overwrites from {@code offset}; the array belongs to this object from now on. */
    public void write(int offset, byte[] bytes) {
        write(offset, SlabAllocator.Range.of(bytes));
    }

    /** Overwrites from {@code offset} with bytes that may be part of a slab. */
    public void write(int offset, SlabAllocator.Range bytes) {
        int end = offset + bytes.length();
        cover(offset, end);
        if (bytes.length() == Volume.CHUNK_BYTES && count > 1) {
            clear();
        }
        dropZeros(offset, end);
        int at = firstEndingBehind(offset);
        if (at == count || pieces[at].start >= end) {
            slabBytes += bytes.isShared() ? bytes.length() : 0;
            insert(at, offset, end, bytes);
            return;
        }
        if (pieces[at].start == offset && pieces[at].end == end && pieces[at].shared && bytes.isShared()) {
            returnOrCharge(pieces[at].exchange(bytes));
            return;
        }
        int from = offset;
        while (from < end) {
            Piece next = at < count ? pieces[at] : null;
            int source = bytes.offset() + from - offset;
            if (next == null || next.start > from) {
                int to = next == null ? end : Math.min(end, next.start);
                byte[] gap = Arrays.copyOfRange(bytes.bytes(), source, source + to - from);
                at = insert(at, from, to, SlabAllocator.Range.of(gap));
                from = to;
            } else {
                int to = Math.min(end, next.end);
                System.arraycopy(bytes.bytes(), source, next.data, next.dataOffset + from - next.start, to - from);
                from = to;
                at++;
            }
        }
        if (bytes.isShared()) {
            returnOrCharge(bytes);
        }
    }

    /** Returns a range to its slab. While the commit is open only the holder of the stripe refers to it: reads copy. */
    private void returnOrCharge(SlabAllocator.Range bytes) {
        slabBytes += bytes.slabs().giveBack(bytes) ? 0 : bytes.length();
    }

    /**
     * Makes a range zeros.
     *
     * @param onZeros whether missing bytes count as zeros anyway, so that no piece is necessary
     */
    public void zero(int from, int to, boolean onZeros) {
        cover(from, to);
        cut(from, to);
        if (!onZeros) {
            insert(firstEndingBehind(from), from, to, null);
        }
    }

    /** Visits the pieces in a range, cut to it. An empty range has none. */
    public void visit(int from, int to, PieceVisitor visitor) {
        for (int i = firstEndingBehind(from); from < to && i < count && pieces[i].start < to; i++) {
            Piece piece = pieces[i];
            int start = Math.max(from, piece.start);
            int end = Math.min(to, piece.end);
            visitor.piece(start, end - start, piece.data, piece.dataOffset + start - piece.start);
        }
    }

    /** Returns the pieces in a range, in arrays of their own. */
    public Extents copy(int from, int to) {
        Extents copy = new Extents();
        visit(
                from,
                to,
                (start, length, data, dataOffset) -> copy.place(
                        copy.count,
                        new Piece(
                                start,
                                start + length,
                                data == null ? null : Arrays.copyOfRange(data, dataOffset, dataOffset + length),
                                0,
                                false)));
        return copy;
    }

    public boolean contains(int from, int to) {
        int reached = from;
        for (int i = firstEndingBehind(from); i < count && reached < to && pieces[i].start <= reached; i++) {
            reached = pieces[i].end;
        }
        return reached >= to;
    }

    private void clear() {
        Arrays.fill(pieces, 0, count, null);
        count = 0;
        memoryBytes = 0;
    }

    private void cover(int from, int to) {
        covered = coveredWith(from, to);
        touched |= touchedBy(from, to);
    }

    private boolean edgeCovered(int block, int from, int to) {
        int end = block + BLOCK;
        return (from <= block || contains(block, from)) && (to >= end || contains(to, end));
    }

    private static long blockRange(int first, int end) {
        int length = end - first;
        if (length <= 0) {
            return 0;
        }
        return (-1L >>> (Long.SIZE - length)) << first;
    }

    /** Returns the index of the first piece that ends after this offset. */
    private int firstEndingBehind(int offset) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (pieces[middle].end > offset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private void dropZeros(int from, int to) {
        int at = firstEndingBehind(from);
        while (at < count && pieces[at].start < to) {
            if (pieces[at].data == null) {
                cutPiece(at, from, to);
            }
            // Either the old data piece, or the rest of the zeros before the range.
            if (at < count && (pieces[at].data != null || pieces[at].end <= from)) {
                at++;
            }
        }
    }

    /** Removes the pieces in a range. */
    private void cut(int from, int to) {
        int at = firstEndingBehind(from);
        while (at < count && pieces[at].start < to) {
            cutPiece(at, from, to);
            at = firstEndingBehind(from);
        }
    }

    private void cutPiece(int at, int from, int to) {
        Piece piece = pieces[at];
        remove(at);
        int next = at;
        if (piece.start < from) {
            next = insertPart(next, piece, piece.start, from);
        }
        if (piece.end > to) {
            insertPart(next, piece, to, piece.end);
        }
    }

    /** Inserts a part of a piece. A rest of an own array gets a new array, so that memory stays in proportion to content. */
    private int insertPart(int at, Piece piece, int start, int end) {
        int offset = piece.dataOffset + start - piece.start;
        if (piece.data == null || piece.shared) {
            return place(at, new Piece(start, end, piece.data, offset, piece.shared));
        }
        return place(at, new Piece(start, end, Arrays.copyOfRange(piece.data, offset, offset + end - start), 0, false));
    }

    /**
     * Adds a piece to a free range, or continues the piece before it. Returns the index after it.
     *
     * @param bytes null for zeros
     */
    private int insert(int at, int start, int end, SlabAllocator.Range bytes) {
        Piece left = at > 0 ? pieces[at - 1] : null;
        if (left != null && left.end == start) {
            if (left.data == null && bytes == null) {
                left.end = end;
                return at;
            }
            if (left.data != null && bytes != null && (left.extend(bytes) || collect(left, bytes))) {
                return at;
            }
        }
        return place(
                at,
                bytes == null
                        ? new Piece(start, end, null, 0, false)
                        : new Piece(start, end, bytes.bytes(), bytes.offset(), bytes.isShared()));
    }

    private boolean collect(Piece left, SlabAllocator.Range bytes) {
        int used = left.end - left.start;
        int length = bytes.length();
        if (left.shared || length >= COLLECT_BYTES_MAX) {
            return false;
        }
        if (left.data.length - used < length) {
            int total = used + length;
            if (total > COLLECT_BYTES_MAX) {
                return false;
            }
            int capacity = Math.min(COLLECT_BYTES_MAX, Math.max(COLLECT_BYTES_MIN, 2 * total));
            memoryBytes += capacity - left.data.length;
            left.data = Arrays.copyOf(left.data, capacity);
        }
        System.arraycopy(bytes.bytes(), bytes.offset(), left.data, used, length);
        left.end += length;
        return true;
    }

    private int place(int at, Piece piece) {
        if (count == pieces.length) {
            pieces = Arrays.copyOf(pieces, 2 * count);
        }
        System.arraycopy(pieces, at, pieces, at + 1, count - at);
        pieces[at] = piece;
        count++;
        memoryBytes += piece.memoryBytes();
        return at + 1;
    }

    private void remove(int at) {
        Piece piece = pieces[at];
        memoryBytes -= piece.memoryBytes();
        System.arraycopy(pieces, at + 1, pieces, at, count - at - 1);
        pieces[--count] = null;
    }
}
