// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;

/**
 * Records on a stream (RFC 5531 §11): a record is one or more fragments, each after a word. The highest bit of the word
 * marks the last fragment; its other bits are the length.
 */
public final class RecordMarking {
    /** Bytes of the word before each fragment. */
    public static final int MARK_BYTES = Integer.BYTES;

    /**
     * Maximum number of fragments of a record. Every known client sends one; more than this are an attack on our
     * patience.
     */
    static final int FRAGMENTS_MAX = 64;

    private static final int LAST_FRAGMENT = 0x8000_0000;

    private RecordMarking() {}

    /**
     * Returns the length of the record at the reader index with all its marks, or 0 while too few bytes have arrived to
     * know it. Does not move the indices.
     *
     * @throws MalformedMessageException if the record has more bytes or fragments than allowed
     */
    public static int recordBytes(ByteBuf in, int recordBytesMax) throws MalformedMessageException {
        int start = in.readerIndex();
        int total = 0;
        int payload = 0;
        for (int fragments = 1; in.readableBytes() - total >= MARK_BYTES; fragments++) {
            int mark = in.getInt(start + total);
            int length = mark & ~LAST_FRAGMENT;
            if (length > recordBytesMax - payload) {
                throw new MalformedMessageException("record of more than " + recordBytesMax + " bytes");
            }
            payload += length;
            total += MARK_BYTES + length;
            if ((mark & LAST_FRAGMENT) != 0) {
                return total;
            }
            if (fragments == FRAGMENTS_MAX) {
                throw new MalformedMessageException("record of more than " + FRAGMENTS_MAX + " fragments");
            }
        }
        return 0;
    }

    /** Returns the content of a whole record, as a slice of it. Moves the fragments together within the record. */
    public static ByteBuf content(ByteBuf record) {
        int start = record.readerIndex();
        int end = record.writerIndex();
        int from = start;
        int to = start + MARK_BYTES;
        while (from < end) {
            int length = record.getInt(from) & ~LAST_FRAGMENT;
            from += MARK_BYTES;
            if (from != to) {
                // An overlapping move to lower indices, so it begins at the front.
                for (int i = 0; i < length; i++) {
                    record.setByte(to + i, record.getByte(from + i));
                }
            }
            from += length;
            to += length;
        }
        return record.slice(start + MARK_BYTES, to - start - MARK_BYTES);
    }

    /** Fills in the mark at the start of a reply that is one fragment. */
    static void mark(ByteBuf reply) {
        int start = reply.readerIndex();
        reply.setInt(start, LAST_FRAGMENT | reply.writerIndex() - start - MARK_BYTES);
    }
}
