// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.Compression.CodedPage;
import io.zerofs.storage.seal.ObjectCipher;
import io.zerofs.storage.seal.Position;
import io.zerofs.storage.seal.Position.Domain;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Cuts the content of a slot into packed pages and seals them. Thread-safe. */
final class FramePacker {
    private static final ByteBuffer ZEROS =
            ByteBuffer.allocate(CommitLimits.FRAME_PAGE_BYTES).asReadOnlyBuffer();

    private final Compression compression;

    FramePacker(Compression compression) {
        this.compression = compression;
    }

    PackedFrame pack(FrameContent content) {
        if (content instanceof FrameContent.Full full) {
            return packFull(full.chunk());
        }
        if (content instanceof FrameContent.Sparse sparse) {
            return packSparse(sparse.parts());
        }
        if (content instanceof FrameContent.Delta delta) {
            return packDelta(delta.ranges());
        }
        return PackedFrame.CLOSED;
    }

    private PackedFrame packFull(ByteBuffer chunk) {
        if (chunk.remaining() > CommitLimits.CHUNK_BYTES) {
            throw new IllegalArgumentException("longer than a chunk");
        }
        int length = lengthWithoutZeros(chunk);
        return packPages(FrameKind.FULL, length, 0, pagesOf(chunk.slice(chunk.position(), length)));
    }

    /** Packs a sparse chunk like a whole one, without ever building the whole chunk. */
    private PackedFrame packSparse(List<FrameContent.Data> parts) {
        int end = 0;
        for (FrameContent.Data part : parts) {
            if (part.offset() < end || part.offset() > CommitLimits.CHUNK_BYTES - part.length()) {
                throw new IllegalArgumentException("the parts of a chunk overlap or leave it");
            }
            end = part.offset() + part.length();
        }
        int length = 0;
        for (int i = parts.size() - 1; i >= 0 && length == 0; i--) {
            int used = lengthWithoutZeros(parts.get(i).bytes());
            length = used == 0 ? 0 : parts.get(i).offset() + used;
        }
        int trimmed = length;
        return packPages(
                FrameKind.FULL,
                length,
                0,
                page -> gather(
                        parts,
                        page * CommitLimits.FRAME_PAGE_BYTES,
                        Math.min(trimmed, (page + 1) * CommitLimits.FRAME_PAGE_BYTES)));
    }

    /** Returns a page of a sparse chunk; null if no part reaches into it. */
    private static ByteBuffer gather(List<FrameContent.Data> parts, int from, int to) {
        ByteBuffer page = null;
        for (FrameContent.Data part : parts) {
            int start = Math.max(from, part.offset());
            int end = Math.min(to, part.offset() + part.length());
            if (start >= end) {
                continue;
            }
            ByteBuffer bytes = part.bytes().slice(part.bytes().position() + start - part.offset(), end - start);
            if (end - start == to - from) {
                return bytes;
            }
            page = page == null ? ByteBuffer.allocate(to - from) : page;
            page.put(start - from, bytes, 0, end - start);
        }
        return page;
    }

    private PackedFrame packDelta(List<FrameContent.Range> ranges) {
        ByteWriter plain = new ByteWriter(16 + 8 * ranges.size() + dataLength(ranges));
        DeltaMap.write(ranges, plain);
        int mapLength = plain.length();
        for (FrameContent.Range range : ranges) {
            if (range instanceof FrameContent.Data data) {
                plain.bytes(data.bytes());
            }
        }
        return packPages(FrameKind.DELTA, plain.length(), mapLength, pagesOf(plain.toBuffer()));
    }

    private static int dataLength(List<FrameContent.Range> ranges) {
        int sum = 0;
        for (FrameContent.Range range : ranges) {
            sum += range instanceof FrameContent.Data data ? data.length() : 0;
        }
        return sum;
    }

    private static IntFunction<ByteBuffer> pagesOf(ByteBuffer plain) {
        return page -> {
            int from = page * CommitLimits.FRAME_PAGE_BYTES;
            return plain.slice(from, Math.min(CommitLimits.FRAME_PAGE_BYTES, plain.remaining() - from));
        };
    }

    /** @param pageAt the plain bytes of a page, or null for zeros */
    private PackedFrame packPages(FrameKind kind, int length, int mapLength, IntFunction<ByteBuffer> pageAt) {
        List<CodedPage> pages = new ArrayList<>(FrameShape.pageCount(length));
        int[] stored = new int[FrameShape.pageCount(length)];
        for (int i = 0; i < stored.length; i++) {
            ByteBuffer page = pageAt.apply(i);
            boolean zeros = page == null || kind == FrameKind.FULL && isZeros(page);
            CodedPage packed = zeros ? null : compression.pack(page);
            pages.add(packed);
            stored[i] = packed == null ? 0 : packed.storedLength();
        }
        return new PackedFrame(new FrameShape(kind, length, mapLength, stored), pages);
    }

    private static boolean isZeros(ByteBuffer page) {
        return page.mismatch(ZEROS.slice(0, page.remaining())) < 0;
    }

    /** Skips whole pages of zeros with vector code first, and then checks the last page byte by byte. */
    private static int lengthWithoutZeros(ByteBuffer chunk) {
        int start = chunk.position();
        int length = chunk.remaining();
        while (length > 0) {
            int tail = Math.min(length, CommitLimits.FRAME_PAGE_BYTES);
            if (!isZeros(chunk.slice(start + length - tail, tail))) {
                break;
            }
            length -= tail;
        }
        while (length > 0 && chunk.get(start + length - 1) == 0) {
            length--;
        }
        return length;
    }

    /**
     * A frame before it is sealed.
     *
     * @param pages the packed pages; null for a page of zeros, which is not stored
     */
    record PackedFrame(FrameShape shape, List<CodedPage> pages) {
        static final PackedFrame CLOSED = new PackedFrame(FrameShape.CLOSED, List.of());

        void seal(ObjectCipher cipher, int slot, ByteBuffer to) {
            for (int i = 0; i < pages.size(); i++) {
                if (pages.get(i) != null) {
                    cipher.seal(new Position(Domain.FRAME, slot, i, false), pages.get(i), to);
                }
            }
        }
    }
}
