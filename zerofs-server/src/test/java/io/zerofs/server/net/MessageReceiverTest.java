// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.zerofs.core.random.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@SuppressWarnings("deprecation")
class MessageReceiverTest {
    private static final int LARGE = 1 << 20;
    private static final int STREAM_BYTES = 2 << 20;

    private final UnpooledByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;
    private boolean scarce;
    private final MessageReceiver receiver = new MessageReceiver(allocator, new MessageReceiver.Room() {
        @Override
        public boolean tryTake(int expectedBytes) {
            return !scarce;
        }

        @Override
        public boolean isScarce() {
            return scarce;
        }
    });
    private final ChannelConfig config = new EmbeddedChannel().config();
    private final RecvByteBufAllocator.Handle handle = receiver.newHandle();

    /** As a channel that has this many zeros to read reads them; the buffer, which belongs to the receiver. */
    private ByteBuf read(int bytes) {
        handle.reset(config);
        ByteBuf buffer = handle.allocate(allocator);
        buffer.writeZero(Math.min(bytes, buffer.writableBytes()));
        receiver.append(buffer);
        return buffer;
    }

    private void largeFrame() {
        for (int missing = LARGE; missing > 0; ) {
            missing -= read(missing).writerIndex();
            if (missing > 0) {
                receiver.await(LARGE);
            }
        }
        receiver.cut(LARGE).release();
    }

    @Test
    void restOfALargeMessageIsReadToWhereItStays() {
        int begun = read(1_000).readableBytes();
        receiver.await(LARGE);
        long address = receiver.bytes().memoryAddress();
        ByteBuf rest = handle.allocate(allocator);
        assertEquals(address + begun, rest.memoryAddress());
        assertEquals(LARGE - begun, rest.writableBytes());
        receiver.append(rest.writeZero(LARGE - begun));
        ByteBuf message = receiver.cut(LARGE);
        assertEquals(address, message.memoryAddress());
        assertEquals(LARGE, message.readableBytes());
        assertNull(receiver.bytes());
        message.release();
    }

    @Test
    void largeMessageIsReadWholeAfterAnother() {
        largeFrame();
        ByteBuf next = read(LARGE);
        assertEquals(LARGE, next.writerIndex());
        ByteBuf message = receiver.cut(LARGE);
        assertEquals(next.memoryAddress(), message.memoryAddress());
        message.release();
        assertEquals(0, next.refCnt());
    }

    @Test
    void smallMessageDoesNotKeepTheRoomOfALargeOne() {
        largeFrame();
        ByteBuf room = read(100);
        assertEquals(LARGE, room.capacity());
        ByteBuf small = receiver.cut(100);
        assertEquals(0, room.refCnt());
        assertEquals(100, small.readableBytes());
        small.release();
        ByteBuf next = handle.allocate(allocator);
        assertTrue(next.capacity() < LARGE);
        next.release();
    }

    @Test
    void littleIsReadAtATimeWhileMemoryIsScarce() {
        largeFrame();
        scarce = true;
        ByteBuf next = handle.allocate(allocator);
        assertTrue(next.capacity() <= 4 << 10);
        next.release();
    }

    @Test
    void framesDoNotDependOnTheSizesOfReads() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] stream = new byte[STREAM_BYTES];
            random.nextBytes(stream);
            int sent = 0;
            int cut = 0;
            // Messages of any length, several of a kind in a row.
            int length = lengthUpTo(STREAM_BYTES, random);
            while (cut < STREAM_BYTES) {
                handle.reset(config);
                ByteBuf buffer = handle.allocate(allocator);
                int bytes = Math.min(buffer.writableBytes(), lengthUpTo(STREAM_BYTES - sent, random));
                receiver.append(buffer.writeBytes(stream, sent, bytes));
                sent += bytes;
                for (; cut < sent && sent - cut >= length; length = Math.min(length, STREAM_BYTES - cut)) {
                    ByteBuf message = receiver.cut(length);
                    assertEquals(Unpooled.wrappedBuffer(stream, cut, length), message);
                    message.release();
                    cut += length;
                    length = random.nextInt(3) == 0 ? lengthUpTo(STREAM_BYTES, random) : length;
                }
                if (cut < sent) {
                    receiver.await(length);
                }
            }
            assertNull(receiver.bytes());
        });
    }

    private static int lengthUpTo(int max, SplittableRandom random) {
        return Math.min(max, 1 + random.nextInt(1 << random.nextInt(1, 21)));
    }
}
