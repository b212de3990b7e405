// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.server.bytes.MalformedMessageException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A protocol for tests: {@code length(4) command(1) rest}; the length counts all. Replies with the message, or as the
 * command says.
 */
final class EchoProtocol implements MessageProtocol {
    static final int MESSAGE_BYTES_MAX = 4 << 20;
    static final byte ECHO = 'e';
    /** Waits first, hence runs on a waiting thread. */
    static final byte WAIT = 'w';
    /** Replies with a mebibyte. */
    static final byte BIG = 'b';
    /** Replies when the test asks for it. */
    static final byte HOLD = 'h';
    /** Continues when the test asks for it, and throws. */
    static final byte LATE_BUG = 'l';
    /** Throws. */
    static final byte BUG = 'x';

    /** Throws before it is cut. */
    static final int BUG_LENGTH = 13;

    static final int BIG_BYTES = 1 << 20;

    final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
    final Queue<String> threads = new ConcurrentLinkedQueue<>();
    final AtomicInteger messages = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    /** Happens on the event loop with each message. */
    volatile Step whenRead = () -> {};

    /** Set before it counts as closed. */
    volatile boolean closedInOrder;

    private final Connection connection;

    /** The action of a test in between. */
    @FunctionalInterface
    interface Step {
        void run() throws InterruptedException;
    }

    EchoProtocol(Connection connection) {
        this.connection = connection;
    }

    @Override
    public int messageBytes(ByteBuf received) throws MalformedMessageException {
        if (received.readableBytes() < Integer.BYTES) {
            return 0;
        }
        int length = received.getInt(received.readerIndex());
        if (length == BUG_LENGTH) {
            throw new IllegalStateException("a bug");
        }
        if (length < 5 || length > MESSAGE_BYTES_MAX) {
            throw new MalformedMessageException("message of " + length + " bytes");
        }
        return length;
    }

    @Override
    public void message(ByteBuf message, Request request) {
        messages.incrementAndGet();
        try {
            whenRead.run();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        byte command = message.getByte(message.readerIndex() + 4);
        switch (command) {
            case ECHO -> request.run(message.readableBytes(), () -> echo(message, request));
            case WAIT ->
                request.run(0, () -> {
                    NonBlockingThread.check();
                    echo(message, request);
                });
            case BIG ->
                request.run(
                        0,
                        BIG_BYTES,
                        () -> request.reply(
                                connection.allocator().directBuffer(BIG_BYTES).writeZero(BIG_BYTES)));
            case HOLD -> {
                ByteBuf copy = message.copy();
                held.add(() -> request.reply(copy));
            }
            case LATE_BUG ->
                held.add(() -> request.resume(() -> {
                    throw new IllegalStateException("a bug");
                }));
            default -> throw new IllegalStateException("a bug");
        }
    }

    private void echo(ByteBuf message, Request request) {
        threads.add(Thread.currentThread().getName());
        request.reply(message.copy());
    }

    @Override
    public void closed(boolean inOrder) {
        closedInOrder = inOrder;
        closed.incrementAndGet();
    }
}
