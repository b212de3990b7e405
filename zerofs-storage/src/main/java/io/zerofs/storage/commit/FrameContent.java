// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import java.nio.ByteBuffer;
import java.util.List;

/** What is to be sealed into a slot. Buffers are read from position to limit and must not change meanwhile. */
public sealed interface FrameContent {
    /** A slot that lost its reference while its commit was open: takes no bytes. */
    record Closed() implements FrameContent {}

    /**
     * A whole chunk.
     *
     * @param chunk its bytes, at most 256 KiB; what is missing is zeros. Trailing zeros are trimmed by the sealer
     */
    record Full(ByteBuffer chunk) implements FrameContent {}

    /**
     * A whole chunk of which only some parts may be other than zeros.
     *
     * @param parts ascending, not overlapping
     */
    record Sparse(List<Data> parts) implements FrameContent {
        public Sparse {
            parts = List.copyOf(parts);
        }
    }

    /**
     * Parts of a chunk, ascending, not overlapping, at least one. Should touching ranges of one kind exist they are
     * better joined: each costs 2 to 6 bytes.
     */
    record Delta(List<Range> ranges) implements FrameContent {
        public Delta {
            ranges = List.copyOf(ranges);
        }
    }

    /** Part of a chunk. */
    sealed interface Range {
        /** Byte offset in the chunk. */
        int offset();

        /** Bytes, at least one. */
        int length();
    }

    /** Bytes that overwrite the chunk from an offset on. */
    record Data(int offset, ByteBuffer bytes) implements Range {
        @Override
        public int length() {
            return bytes.remaining();
        }
    }

    /** Zeros that overwrite the chunk from an offset on; they take no room. */
    record Zeros(int offset, int length) implements Range {}
}
