// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.net.Client;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.PeerUser;
import io.zerofs.server.net.Request;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A client without a socket: the caller's thread is the event loop, and nothing runs by itself. {@link #runWaiting}
 * runs the tasks that a server would pass to another thread.
 */
final class DirectClient extends NinePClient {
    private final Client client = Client.alone();
    private final PeerUser peerUser;
    private final MessageProtocol protocol;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private final AtomicInteger requestsInFlight = new AtomicInteger();
    private String closeReason;
    private boolean handOver;

    DirectClient(NinePServer server) {
        this(server, null);
    }

    /** @param user at the other end of a unix socket, or null */
    DirectClient(NinePServer server, PeerUser user) {
        peerUser = user;
        protocol = server.connect(new DirectConnection());
    }

    /** Says whether requests are handed over to another thread before they begin. */
    void handOver(boolean always) {
        handOver = always;
    }

    /** Runs what was handed over. */
    void runWaiting() {
        for (Runnable work = waiting.poll(); work != null; work = waiting.poll()) {
            work.run();
        }
    }

    int requestsInFlight() {
        return requestsInFlight.get();
    }

    /** Why the server closed the connection; null if it did not. */
    String closeReason() {
        return closeReason;
    }

    /** Gives the server bytes that may be no whole message, or several. */
    @Override
    public void send(ByteBuf bytes) {
        while (closeReason == null && bytes.isReadable()) {
            int length;
            try {
                length = protocol.messageBytes(bytes);
            } catch (MalformedMessageException e) {
                closeReason = e.getMessage();
                return;
            }
            if (length == 0 || length > bytes.readableBytes()) {
                return;
            }
            DirectRequest request = new DirectRequest();
            try {
                protocol.message(bytes.readSlice(length), request);
            } catch (MalformedMessageException e) {
                closeReason = e.getMessage();
                request.end();
            }
        }
    }

    @Override
    public void close() {
        protocol.closed(true);
        runWaiting();
    }

    private final class DirectRequest implements Request {
        private final AtomicInteger ends = new AtomicInteger();

        DirectRequest() {
            requestsInFlight.incrementAndGet();
        }

        @Override
        public void run(int transferBytes, int replyBytes, Runnable work) {
            charge(replyBytes);
            if (handOver) {
                waiting.add(work);
                return;
            }
            try {
                work.run();
            } catch (WouldBlockException e) {
                waiting.add(work);
            }
        }

        @Override
        public void resume(Runnable work) {
            work.run();
        }

        @Override
        public void whenEnded(Runnable action) {
            throw new AssertionError("nothing of 9P ends with a request");
        }

        @Override
        public void charge(int replyBytes) {
            if (replyBytes < 0 || replyBytes > NinePSettings.MESSAGE_BYTES_LIMIT) {
                throw new AssertionError("charged " + replyBytes);
            }
        }

        @Override
        public void reply(ByteBuf reply) {
            end();
            try {
                received(reply);
            } catch (MalformedMessageException e) {
                throw new AssertionError(e);
            } finally {
                reply.release();
            }
        }

        @Override
        public void end() {
            if (ends.incrementAndGet() != 1) {
                throw new AssertionError("a request ended twice");
            }
            requestsInFlight.decrementAndGet();
        }
    }

    private final class DirectConnection implements Connection {
        @Override
        public ByteBufAllocator allocator() {
            return ByteBufAllocator.DEFAULT;
        }

        @Override
        public PeerUser peerUser() {
            return peerUser;
        }

        @Override
        public SocketAddress remoteAddress() {
            return InetSocketAddress.createUnresolved("client", 1);
        }

        @Override
        public Client client() {
            return client;
        }

        @Override
        public Executor blockingExecutor() {
            return waiting::add;
        }

        @Override
        public void onEventLoop(Runnable work) {
            work.run();
        }

        @Override
        public void send(ByteBuf bytes, Runnable sent) {
            throw new AssertionError("9P servers do not greet");
        }

        @Override
        public void pause() {
            throw new AssertionError("9P has no steps that pause");
        }

        @Override
        public void resume() {
            throw new AssertionError("9P has no steps that pause");
        }

        @Override
        public void finish() {
            throw new AssertionError("9P connections end when their clients want it");
        }

        @Override
        public void close(String reason) {
            closeReason = reason;
        }
    }
}
