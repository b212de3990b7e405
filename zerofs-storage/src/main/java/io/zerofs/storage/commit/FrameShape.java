// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectCipher;

/**
 * A slot's entry in the frame table.
 *
 * <pre>
 *   u8 kind
 *   varint length                 unless closed: plain bytes, of a delta with its map
 *   varint map length             of a delta
 *   varint stored length          per page of 32 KiB; 0 for a page of zeros in a full frame
 * </pre>
 *
 * @param stored bytes of each page in the object; must not be changed
 */
record FrameShape(FrameKind kind, int length, int mapLength, int[] stored) {
    static final FrameShape CLOSED = new FrameShape(FrameKind.CLOSED, 0, 0, new int[0]);

    private static final int STORED_PAGE_BYTES_MAX = ObjectCipher.PIECE_OVERHEAD_BYTES + CommitLimits.FRAME_PAGE_BYTES;

    static {
        if (CommitLimits.FRAME_PAGE_BYTES > Compression.PAGE_BYTES_MAX) {
            throw new AssertionError("a page of a frame must be packable");
        }
    }

    static int pageCount(int length) {
        return (length + CommitLimits.FRAME_PAGE_BYTES - 1) / CommitLimits.FRAME_PAGE_BYTES;
    }

    long storedLength() {
        long sum = 0;
        for (int length : stored) {
            sum += length;
        }
        return sum;
    }

    void write(ByteWriter writer) {
        writer.u8(kind.code());
        if (kind == FrameKind.CLOSED) {
            return;
        }
        writer.varint(length);
        if (kind == FrameKind.DELTA) {
            writer.varint(mapLength);
        }
        for (int storedLength : stored) {
            writer.varint(storedLength);
        }
    }

    static FrameShape read(ByteReader reader) throws CorruptObjectException {
        FrameKind kind = FrameKind.ofCode(reader.u8());
        reader.require(kind != null, "unknown kind of frame");
        return switch (kind) {
            case CLOSED -> CLOSED;
            case FULL -> {
                int length = reader.varint(CommitLimits.CHUNK_BYTES);
                yield new FrameShape(kind, length, 0, readStored(reader, length, 0));
            }
            case DELTA -> {
                int length = reader.varint(CommitLimits.DELTA_BYTES_MAX);
                int mapLength = reader.varint(length);
                reader.require(mapLength > 0, "a delta without ranges");
                yield new FrameShape(
                        kind, length, mapLength, readStored(reader, length, ObjectCipher.PIECE_OVERHEAD_BYTES + 1));
            }
        };
    }

    private static int[] readStored(ByteReader reader, int length, int min) throws CorruptObjectException {
        int[] stored = new int[pageCount(length)];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = reader.varint(STORED_PAGE_BYTES_MAX);
            boolean sealed = stored[i] > ObjectCipher.PIECE_OVERHEAD_BYTES;
            reader.require(stored[i] >= min && (sealed || stored[i] == 0), "impossible length of a page");
        }
        return stored;
    }
}
