// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Writes the replies of one connection in the order of the calls, on all threads together. Replies to messages that
 * arrived together leave together. Other threads may call only {@link #send}.
 */
final class ReplyWriter {
    /** Maximum number of replies between two flushes, so that a long batch does not delay its first reply. */
    private static final int REPLIES_PER_FLUSH_MAX = 32;

    private final ChannelHandlerContext context;
    private final StallDetector stall;
    private final Consumer<Runnable> eventLoop;
    private final ConcurrentLinkedQueue<Reply> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean sending = new AtomicBoolean();

    // Confined to the event loop.
    private int unflushed;
    private boolean gathering;
    private boolean failed;

    /**
     * @param stall learns of the bytes that the socket took
     * @param eventLoop runs work on the event loop of the connection
     */
    ReplyWriter(ChannelHandlerContext context, StallDetector stall, Consumer<Runnable> eventLoop) {
        this.context = context;
        this.stall = stall;
        this.eventLoop = eventLoop;
    }

    private record Reply(ByteBuf bytes, Runnable sent) {}

    /**
     * Sends a reply. Any thread.
     *
     * @param sent called on the event loop after the socket took the bytes, or after the failure to send them
     */
    void send(ByteBuf bytes, Runnable sent) {
        Reply reply = new Reply(bytes, sent);
        if (context.executor().inEventLoop()) {
            writeQueue();
            write(reply);
            if (!gathering || unflushed >= REPLIES_PER_FLUSH_MAX) {
                flushNow();
            }
            return;
        }
        queue.add(reply);
        if (sending.compareAndSet(false, true)) {
            eventLoop.accept(this::sendQueue);
        }
    }

    /** From now on replies of the event loop itself wait for {@link #flush}, unless they are many. */
    void gather() {
        gathering = true;
    }

    /** Ends {@link #gather}, and hands to the socket what was written. */
    void flush() {
        gathering = false;
        flushNow();
    }

    private void flushNow() {
        if (unflushed > 0) {
            unflushed = 0;
            context.flush();
        }
    }

    /** Sends the replies of other threads. */
    void sendQueue() {
        sending.set(false);
        writeQueue();
        flushNow();
    }

    /** Returns whether the socket did not take a reply. */
    boolean failed() {
        return failed;
    }

    private void writeQueue() {
        for (Reply next = queue.poll(); next != null; next = queue.poll()) {
            write(next);
        }
    }

    private void write(Reply reply) {
        unflushed++;
        int length = reply.bytes.readableBytes();
        context.write(reply.bytes).addListener(done -> {
            stall.moved(length);
            failed |= !done.isSuccess();
            reply.sent.run();
        });
    }
}
