// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import java.nio.ByteBuffer;
import java.util.List;

/** The content of a slot before sealing. The sealer reads buffers from position to limit; they must not change. */
public sealed interface FrameContent {
    /** A slot that lost its reference while its commit was open: takes no bytes. */
    record Closed() implements FrameContent {}

    /**
     * A whole chunk.
     *
     * @param chunk its bytes, at most 256 KiB; missing bytes are zeros. The sealer trims trailing zeros
     */
    record Full(ByteBuffer chunk) implements FrameContent {}

    /**
     * A whole chunk that is zeros except for some parts.
     *
     * @param parts ascending, not overlapping
     */
    record Sparse(List<Data> parts) implements FrameContent {
        public Sparse {
            parts = List.copyOf(parts);
        }
    }

    /**
     * Parts of a chunk, ascending, not overlapping, at least one. Join touching ranges of one kind, because each range
     * costs 2 to 6 bytes.
     */
    record Delta(List<Range> ranges) implements FrameContent {
        public Delta {
            ranges = List.copyOf(ranges);
        }
    }

    /** Part of a chunk. */
    sealed interface Range {
        /** Returns the byte offset in the chunk. */
        int offset();

        /** Returns the number of bytes, at least one. */
        int length();
    }

    /** Bytes that overwrite the chunk from an offset on. */
    record Data(int offset, ByteBuffer bytes) implements Range {
        @Override
        public int length() {
            return bytes.remaining();
        }
    }

    /** Zeros that overwrite the chunk from an offset on. They take no space. */
    record Zeros(int offset, int length) implements Range {}
}
