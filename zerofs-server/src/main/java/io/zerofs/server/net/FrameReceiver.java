// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * What a connection has received and nobody has cut into frames yet. Says where the socket is read into, so that the
 * bytes of a large frame are not copied: into the rest of its own buffer once its length is known, and, since a large
 * frame seldom comes alone, into a buffer of its predecessor's length. Confined to the event loop.
 */
// Netty calls Handle deprecated, and wants one.
@SuppressWarnings("deprecation")
final class FrameReceiver implements RecvByteBufAllocator {
    /** Frames from here on make the next buffer as large; what is shorter shares buffers with others. */
    private static final int LARGE_BYTES = 32 << 10;

    /** Room that is set aside before its frame was let in through the gate: for a mebibyte of data and its header. */
    private static final int EXPECTED_BYTES_MAX = (1 << 20) + (4 << 10);

    private final RecvByteBufAllocator ordinary = new AdaptiveRecvByteBufAllocator();
    private final ByteBufAllocator allocator;
    private ByteBuf received;
    // The part of received that the socket is being read into, as a buffer of its own.
    private ByteBuf window;
    private int wanted;
    private int expected;

    FrameReceiver(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** What was received, or null if there is nothing; borrowed. */
    ByteBuf bytes() {
        return received;
    }

    /** Takes over what the socket was read into. */
    void append(ByteBuf bytes) {
        if (received == null) {
            received = bytes;
            return;
        }
        if (bytes == window) {
            received.writerIndex(received.writerIndex() + bytes.readableBytes());
        } else {
            reserve(bytes.readableBytes());
            received.writeBytes(bytes);
        }
        window = null;
        bytes.release();
    }

    /** Makes room for the frame that has begun at the reader index. */
    void await(int frameBytes) {
        wanted = frameBytes;
        reserve(frameBytes - received.readableBytes());
    }

    /** Cuts off a frame that is there as a whole; owned by the caller. */
    ByteBuf cut(int frameBytes) {
        wanted = 0;
        expected = frameBytes >= LARGE_BYTES && frameBytes <= EXPECTED_BYTES_MAX ? frameBytes : 0;
        // A small frame must not keep the room of a large one until it is answered.
        boolean shares = frameBytes >= LARGE_BYTES || received.capacity() <= 2 * LARGE_BYTES;
        ByteBuf frame = shares
                ? received.readRetainedSlice(frameBytes)
                : allocator.directBuffer(frameBytes).writeBytes(received, frameBytes);
        if (!received.isReadable()) {
            drop();
        }
        return frame;
    }

    /** Forgets what has not been cut. */
    void drop() {
        wanted = 0;
        if (received != null) {
            received.release();
            received = null;
        }
    }

    private void reserve(int more) {
        if (received.writableBytes() < more) {
            ByteBuf larger = allocator.directBuffer(received.readableBytes() + more);
            larger.writeBytes(received);
            received.release();
            received = larger;
        }
    }

    private ByteBuf allocate(ByteBufAllocator channels, Handle ordinaryHandle) {
        int missing = received == null ? 0 : wanted - received.readableBytes();
        if (missing > 0) {
            window = received.retainedSlice(received.writerIndex(), missing).clear();
            return window;
        }
        if (received == null && expected > ordinaryHandle.guess()) {
            return channels.directBuffer(expected, expected);
        }
        return ordinaryHandle.allocate(channels);
    }

    @Override
    public Handle newHandle() {
        return new ReceivingHandle((ExtendedHandle) ordinary.newHandle());
    }

    /** Counts and adapts as usual; only the buffers are ours. */
    private final class ReceivingHandle extends DelegatingHandle implements ExtendedHandle {
        ReceivingHandle(ExtendedHandle ordinary) {
            super(ordinary);
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator channels) {
            return FrameReceiver.this.allocate(channels, delegate());
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return ((ExtendedHandle) delegate()).continueReading(maybeMoreData);
        }
    }
}
