// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.net.Client;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.Request;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Passes any bytes to a protocol on the caller's thread, as its event loop would. Fails if the protocol breaks its
 * contract: a request that ends twice or never, an exception, a message beyond the limit, a leaked reply buffer.
 */
public final class FuzzConnection implements Connection {
    private final Client client = Client.alone();
    private static final int MESSAGE_BYTES_MAX = 64 << 20;
    private static final int STEPS_MAX = 100_000;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    private final Deque<Runnable> later = new ArrayDeque<>();
    private final List<byte[]> replies = new ArrayList<>();
    private final MessageProtocol protocol;
    private int requestsInFlight;
    private boolean paused;
    private boolean closed;

    public FuzzConnection(MessageProtocol.Factory factory) {
        protocol = factory.connect(this);
        protocol.opened();
    }

    /** Gives the protocol bytes, until they end, no message is whole or the connection is closed. */
    public FuzzConnection feed(byte[] bytes) {
        ByteBuf received = Unpooled.wrappedBuffer(bytes);
        try {
            while (!closed && !paused && received.isReadable()) {
                int length = protocol.messageBytes(received);
                require(length >= 0 && length <= MESSAGE_BYTES_MAX, "a message of " + length + " bytes");
                if (length == 0 || length > received.readableBytes()) {
                    return this;
                }
                message(received.readSlice(length));
            }
        } catch (MalformedMessageException e) {
            closed = true;
        }
        return this;
    }

    private void message(ByteBuf message) {
        FuzzRequest request = new FuzzRequest();
        try {
            protocol.message(message, request);
        } catch (MalformedMessageException e) {
            closed = true;
            request.end();
        }
        runLater();
    }

    private void runLater() {
        int steps = 0;
        for (Runnable work = later.poll(); work != null; work = later.poll()) {
            work.run();
            require(++steps < STEPS_MAX, "work that never ends");
        }
    }

    /** Whether the server has closed or will close the connection. */
    public boolean isClosed() {
        return closed;
    }

    /** Replies and greetings so far. */
    public List<byte[]> replies() {
        return replies;
    }

    /** The client goes away; afterwards nothing may be left of it. */
    public void end() {
        closed = true;
        protocol.closed(true);
        runLater();
        require(requestsInFlight == 0, requestsInFlight + " requests are left");
        require(allocator.metric().usedHeapMemory() == 0, "reply buffers are left");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private void sent(ByteBuf bytes) {
        byte[] copy = new byte[bytes.readableBytes()];
        bytes.readBytes(copy);
        bytes.release();
        replies.add(copy);
    }

    @Override
    public ByteBufAllocator allocator() {
        return allocator;
    }

    @Override
    public SocketAddress remoteAddress() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public Client client() {
        return client;
    }

    @Override
    public Executor blockingExecutor() {
        return later::add;
    }

    @Override
    public void onEventLoop(Runnable work) {
        later.add(work);
    }

    @Override
    public void send(ByteBuf bytes, Runnable sent) {
        sent(bytes);
        onEventLoop(sent);
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
    }

    @Override
    public void finish() {
        closed = true;
    }

    @Override
    public void close(String reason) {
        require(reason.length() < 300, reason);
        closed = true;
    }

    private final class FuzzRequest implements Request {
        private Runnable whenEnded = () -> {};
        private boolean ended;

        FuzzRequest() {
            requestsInFlight++;
        }

        @Override
        public void run(int transferBytes, int replyBytes, Runnable work) {
            require(transferBytes >= 0 && replyBytes >= 0, "a negative number of bytes");
            try {
                work.run();
            } catch (WouldBlockException e) {
                work.run();
            }
        }

        @Override
        public void resume(Runnable work) {
            work.run();
        }

        @Override
        public void whenEnded(Runnable action) {
            whenEnded = action;
        }

        @Override
        public void charge(int replyBytes) {
            require(replyBytes >= 0 && replyBytes <= MESSAGE_BYTES_MAX, "charged " + replyBytes);
        }

        @Override
        public void reply(ByteBuf reply) {
            end();
            sent(reply);
        }

        @Override
        public void end() {
            require(!ended, "a request ended twice");
            ended = true;
            requestsInFlight--;
            whenEnded.run();
        }
    }
}
