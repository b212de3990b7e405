// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * The received bytes of a connection that are not yet cut into messages. It chooses the buffer for reads of the socket, so
 * that a large message is not copied. When the length is known, reads go into the rest of the message's own buffer. A large
 * message seldom comes alone, so the next buffer has its predecessor's length if there is room. Confined to the event loop.
 */
// Netty deprecates Handle, but requires one.
@SuppressWarnings("deprecation")
final class MessageReceiver implements RecvByteBufAllocator {
    /** Minimum bytes of a message after which the next buffer has its length. Shorter messages share buffers. */
    private static final int LARGE_BYTES = 32 << 10;

    /** Maximum bytes reserved for a message before its admission: a mebibyte of data and its header. */
    private static final int EXPECTED_BYTES_MAX = (1 << 20) + (4 << 10);

    /** Bytes of a buffer for unknown messages while memory is scarce. */
    private static final int SCARCE_BYTES = 4 << 10;

    private final RecvByteBufAllocator ordinary = new AdaptiveRecvByteBufAllocator();
    private final ByteBufAllocator allocator;
    private final Room room;
    private ByteBuf received;
    // The part of received that the socket is being read into, as a buffer of its own.
    private ByteBuf window;
    private int wanted;
    private int expected;
    private boolean encrypted;

    /** The memory for messages that are not admitted yet. */
    interface Room {
        /** Reserves bytes for an expected message. The implementation refunds them if no message comes. */
        boolean tryTake(int expectedBytes);

        boolean isScarce();
    }

    MessageReceiver(ByteBufAllocator allocator, Room room) {
        this.allocator = allocator;
        this.room = room;
    }

    /** Returns the received bytes, borrowed; null if there are none. */
    ByteBuf bytes() {
        return received;
    }

    /** Returns the bytes of memory that the receiver holds. */
    int capacity() {
        return received == null ? 0 : received.capacity();
    }

    /** Takes over a buffer of received bytes. */
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

    /** Makes room for the message that begins at the reader index. */
    void await(int messageBytes) {
        wanted = messageBytes;
        if (keepsTooMuch(messageBytes)) {
            replace(messageBytes);
        } else {
            reserve(messageBytes - received.readableBytes());
        }
    }

    /** Cuts off a message that has arrived as a whole. The caller owns it. */
    ByteBuf cut(int messageBytes) {
        wanted = 0;
        expected = messageBytes >= LARGE_BYTES && messageBytes <= EXPECTED_BYTES_MAX ? messageBytes : 0;
        // The memory that a message keeps until its reply must not be much more than its counted bytes.
        boolean shares = received.capacity() <= 2 * Math.max(messageBytes, AdmissionControl.REQUEST_BYTES_MIN);
        ByteBuf message = shares
                ? received.readRetainedSlice(messageBytes)
                : allocator.directBuffer(messageBytes).writeBytes(received, messageBytes);
        if (!received.isReadable()) {
            drop();
        }
        return message;
    }

    /** Drops the bytes that are not yet cut. */
    void drop() {
        wanted = 0;
        if (received != null) {
            received.release();
            received = null;
        }
    }

    private void reserve(int more) {
        if (received.writableBytes() < more) {
            replace(received.readableBytes() + more);
        }
    }

    /** Returns whether the message that begins here would keep a buffer much larger than itself. */
    private boolean keepsTooMuch(int messageBytes) {
        return received.capacity() > Math.max(4 * SCARCE_BYTES, messageBytes + messageBytes / 4);
    }

    private void replace(int capacity) {
        ByteBuf other = allocator.directBuffer(capacity);
        other.writeBytes(received);
        received.release();
        received = other;
    }

    /** Notes that appended buffers are no longer the buffers of reads, because TLS decrypts in between. */
    void isNotReadInto() {
        encrypted = true;
    }

    private ByteBuf allocate(ByteBufAllocator channels, Handle ordinaryHandle) {
        if (encrypted) {
            return room.isScarce() ? channels.directBuffer(SCARCE_BYTES) : ordinaryHandle.allocate(channels);
        }
        int missing = received == null ? 0 : wanted - received.readableBytes();
        if (missing > 0) {
            window = received.retainedSlice(received.writerIndex(), missing).clear();
            return window;
        }
        if (received == null && expected > ordinaryHandle.guess() && room.tryTake(expected)) {
            return channels.directBuffer(expected, expected);
        }
        if (room.isScarce()) {
            return channels.directBuffer(SCARCE_BYTES);
        }
        return ordinaryHandle.allocate(channels);
    }

    @Override
    public Handle newHandle() {
        return new ReceivingHandle((ExtendedHandle) ordinary.newHandle());
    }

    /** Counts and adapts like Netty's ordinary handle. Only the buffers are the receiver's. */
    private final class ReceivingHandle extends DelegatingHandle implements ExtendedHandle {
        ReceivingHandle(ExtendedHandle ordinary) {
            super(ordinary);
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator channels) {
            return MessageReceiver.this.allocate(channels, delegate());
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return ((ExtendedHandle) delegate()).continueReading(maybeMoreData);
        }
    }
}
