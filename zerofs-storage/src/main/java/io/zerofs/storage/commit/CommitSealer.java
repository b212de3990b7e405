// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.commit.FramePacker.PackedFrame;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectCipher;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Position.Domain;
import io.zerofs.storage.seal.SealedSection;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes the object of a commit. It packs all pages first and then seals them, because each page is bound to the header, and
 * the header has the lengths. Both passes run in parallel. Thread-safe.
 */
public final class CommitSealer {
    /** Frames are sealed into buffers of about this size, in parallel. */
    private static final int PIECE_BYTES = 256 * 1024;

    /** Size of the arrays that hold the buffers. Each fills regions of the garbage collector, which then does not move it. */
    private static final int ROOM_BYTES = (4 << 20) - 16;

    private final ObjectKeys keys;
    private final Compression compression;
    private final FramePacker packer;
    private final ParallelSteps parallel;

    public CommitSealer(ObjectKeys keys, Compression compression, ParallelSteps parallel) {
        this.keys = keys;
        this.compression = compression;
        this.packer = new FramePacker(compression);
        this.parallel = parallel;
    }

    /** Seals a draft. The same draft returns the same bytes. Takes CPU time and never waits. */
    public SealedCommit seal(CommitDraft draft) {
        List<PackedFrame> packed = packAll(draft.slots());
        List<FrameShape> shapes = packed.stream().map(PackedFrame::shape).toList();
        long dataLength = shapes.stream().mapToLong(FrameShape::storedLength).sum();
        SealedSection log = SealedSection.pack(compression, LogSection.write(draft.log(), shapes));
        CommitId id = draft.id();
        ObjectHeader header = new ObjectHeader(
                ObjectKind.COMMIT,
                ObjectHeader.FIRST_KEY_ID,
                id.epoch(),
                id.seq(),
                draft.salt(),
                log.storedLength(),
                dataLength);
        ObjectCipher cipher = keys.cipher(header, id.objectName());
        List<ByteBuffer> bytes = new ArrayList<>();
        bytes.add(sealHead(header, cipher, log));
        bytes.addAll(sealFrames(packed, cipher));
        return new SealedCommit(id, new FrameTable(header, 0, shapes, header.dataOffset()), List.copyOf(bytes));
    }

    private List<PackedFrame> packAll(List<FrameContent> slots) {
        PackedFrame[] packed = new PackedFrame[slots.size()];
        parallel.run(packed.length, slot -> packed[slot] = packer.pack(slots.get(slot)));
        return Arrays.asList(packed);
    }

    static ByteBuffer sealHead(ObjectHeader header, ObjectCipher cipher, SealedSection section) {
        ByteBuffer head = ByteBuffer.allocate((int) header.dataOffset());
        header.write(head);
        section.seal(cipher, Domain.LOG, head);
        if (head.hasRemaining()) {
            throw new IllegalStateException("the head does not have the length that its header says");
        }
        return head.flip();
    }

    private List<ByteBuffer> sealFrames(List<PackedFrame> packed, ObjectCipher cipher) {
        List<Piece> pieces = cut(packed);
        parallel.run(pieces.size(), i -> pieces.get(i).seal(packed, cipher));
        return pieces.stream().map(Piece::bytes).toList();
    }

    private static List<Piece> cut(List<PackedFrame> packed) {
        List<Piece> pieces = new ArrayList<>();
        long left =
                packed.stream().mapToLong(frame -> frame.shape().storedLength()).sum();
        ByteBuffer room = ByteBuffer.allocate(0);
        for (int from = 0; from < packed.size(); ) {
            int to = from;
            long length = 0;
            do {
                length += packed.get(to++).shape().storedLength();
            } while (to < packed.size() && length + packed.get(to).shape().storedLength() <= PIECE_BYTES);
            if (length > room.remaining()) {
                room = ByteBuffer.allocate((int) Math.max(length, Math.min(left, ROOM_BYTES)));
            }
            if (length > 0) {
                pieces.add(new Piece(from, to, room.slice(room.position(), (int) length)));
                room.position(room.position() + (int) length);
            }
            left -= length;
            from = to;
        }
        return pieces;
    }

    /** Neighbouring slots whose frames share a buffer. */
    private record Piece(int fromSlot, int toSlot, ByteBuffer bytes) {
        void seal(List<PackedFrame> packed, ObjectCipher cipher) {
            for (int slot = fromSlot; slot < toSlot; slot++) {
                packed.get(slot).seal(cipher, slot, bytes);
            }
            if (bytes.hasRemaining()) {
                throw new IllegalStateException("frames do not have the length that their table says");
            }
            bytes.flip();
        }
    }
}
