// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.zerofs.core.waiting.WouldWaitException;
import io.zerofs.server.bytes.MalformedMessageException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts one connection's bytes into frames, lets them in through the gate and sends the replies. Lives on the event loop
 * of its channel; only what {@link Connection} and {@link Request} offer may be called from other threads.
 */
final class FrameHandler extends ChannelInboundHandlerAdapter implements Connection {
    private static final Logger LOG = LoggerFactory.getLogger(FrameHandler.class);

    /** Replies written before the socket gets them, so that a long batch does not delay its first reply. */
    private static final int REPLIES_PER_FLUSH_MAX = 32;

    /** How long a client has to end its side after we ended ours. */
    private static final long LINGER_MILLIS = 1_000;

    private final String server;
    private final ServerResources resources;
    private final RequestGate.Share share;
    private final FrameProtocol protocol;
    private final RequestMeter meter;
    private final ConcurrentLinkedQueue<Outgoing> outgoing = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean sending = new AtomicBoolean();
    private ChannelHandlerContext context;

    // Confined to the event loop.
    private FrameReceiver receiver;
    private int frameBytes;
    private boolean admitted;
    private boolean blocked;
    private boolean paused;
    private volatile boolean finishing;
    private boolean inReadLoop;
    private int unflushed;
    private final StallDetector stall = new StallDetector();

    FrameHandler(String server, ServerResources resources, FrameProtocol.Factory factory) {
        this.server = server;
        this.resources = resources;
        this.share = resources.gate().share(() -> onEventLoop(this::unblock));
        this.protocol = factory.connect(this);
        this.meter = resources.meter(server);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        receiver = new FrameReceiver(added.alloc());
        added.channel().config().setRecvByteBufAllocator(receiver);
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        LOG.debug("{}: connected", this);
        scheduleStallCheck();
        protocol.opened();
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        inReadLoop = true;
        append((ByteBuf) message);
        cutFrames();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext from) {
        inReadLoop = false;
        flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        LOG.debug("{}: disconnected", this);
        finishing = true;
        dropReceived();
        protocol.closed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("{}: {}", this, cause.getMessage());
        } else {
            LOG.error("{}: closed after an unexpected error", this, cause);
        }
        finishing = true;
        from.close();
    }

    @Override
    public void finish() {
        // At once: what stands behind the request that is being handled must not be cut any more.
        finishing = true;
        onEventLoop(() -> {
            dropReceived();
            closeIfFinished();
        });
    }

    private void append(ByteBuf bytes) {
        stall.received();
        if (finishing) {
            bytes.release();
        } else {
            receiver.append(bytes);
        }
    }

    private void cutFrames() {
        try {
            while (!blocked && !paused && !finishing && receiver.bytes() != null && nextFrameIsWhole()) {
                ByteBuf frame = receiver.cut(frameBytes);
                int length = frameBytes;
                frameBytes = 0;
                admitted = false;
                new InFlight(frame, length).handle();
            }
        } catch (MalformedMessageException e) {
            close("malformed message: " + e.getMessage());
        }
        stall.expect(admitted);
        if (!inReadLoop) {
            flush();
        }
    }

    private boolean nextFrameIsWhole() throws MalformedMessageException {
        ByteBuf received = receiver.bytes();
        if (frameBytes == 0) {
            frameBytes = protocol.frameBytes(received);
        }
        if (frameBytes == 0) {
            return false;
        }
        if (!admitted) {
            admitted = share.tryAdmit(frameBytes);
            if (!admitted) {
                blocked = true;
                context.channel().config().setAutoRead(false);
                return false;
            }
        }
        if (received.readableBytes() < frameBytes) {
            receiver.await(frameBytes);
            return false;
        }
        return true;
    }

    private void unblock() {
        blocked = false;
        cutFrames();
        readIfWanted();
    }

    private void readIfWanted() {
        if (!blocked && !paused && !finishing) {
            context.channel().config().setAutoRead(true);
        }
    }

    private void dropReceived() {
        if (admitted) {
            admitted = false;
            share.release(frameBytes);
        }
        frameBytes = 0;
        receiver.drop();
    }

    /**
     * Ends our side first and reads on until the client ends its own. Closing a socket that has received what nobody
     * read would reset the connection, and the client could lose replies that are on their way.
     */
    private void closeIfFinished() {
        if (!finishing || share.requests() > 0 || !context.channel().isActive()) {
            return;
        }
        flush();
        if (context.channel() instanceof DuplexChannel socket && !socket.isOutputShutdown()) {
            socket.shutdownOutput();
            context.channel().config().setAutoRead(true);
            context.executor().schedule(() -> context.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Replies leave in the order in which they were given, whatever the threads. */
    private void enqueue(Outgoing next) {
        if (context.executor().inEventLoop()) {
            writeOutgoing();
            write(next);
            if (!inReadLoop || unflushed >= REPLIES_PER_FLUSH_MAX) {
                flush();
            }
            return;
        }
        outgoing.add(next);
        if (sending.compareAndSet(false, true)) {
            onEventLoop(this::sendOutgoing);
        }
    }

    private void sendOutgoing() {
        sending.set(false);
        writeOutgoing();
        flush();
    }

    private void writeOutgoing() {
        for (Outgoing next = outgoing.poll(); next != null; next = outgoing.poll()) {
            write(next);
        }
    }

    private void write(Outgoing next) {
        unflushed++;
        context.write(next.bytes).addListener(done -> {
            stall.sent();
            if (next.request != null) {
                next.request.release();
            }
        });
    }

    private void flush() {
        if (unflushed > 0) {
            unflushed = 0;
            context.flush();
        }
    }

    private void scheduleStallCheck() {
        int seconds = resources.settings().stallSeconds();
        context.executor()
                .schedule(
                        () -> {
                            if (!context.channel().isActive()) {
                                return;
                            }
                            if (protocol.isOneShot() || stall.isStalled(context.channel())) {
                                close("no progress for " + seconds + " s");
                                // Replies that fail now make room, but nobody is left to be answered.
                                finishing = true;
                                context.close();
                            } else {
                                scheduleStallCheck();
                            }
                        },
                        seconds,
                        TimeUnit.SECONDS);
    }

    @Override
    public ByteBufAllocator allocator() {
        return context.alloc();
    }

    @Override
    public SocketAddress remoteAddress() {
        return context.channel().remoteAddress();
    }

    @Override
    public Executor waitingThreads() {
        return resources.waitingThreads();
    }

    @Override
    public void onEventLoop(Runnable work) {
        try {
            context.executor().execute(() -> {
                try {
                    work.run();
                } catch (RuntimeException | Error e) {
                    // As what is thrown while the socket is read: the connection might not be read any more.
                    exceptionCaught(context, e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: the event loop has ended", this);
        }
    }

    @Override
    public void send(ByteBuf bytes) {
        enqueue(new Outgoing(bytes, null));
    }

    @Override
    public void pause() {
        paused = true;
        context.channel().config().setAutoRead(false);
    }

    @Override
    public void resume() {
        onEventLoop(() -> {
            paused = false;
            cutFrames();
            readIfWanted();
        });
    }

    @Override
    public void close(String reason) {
        onEventLoop(() -> {
            if (!context.channel().isActive()) {
                return;
            }
            LOG.info("{}: closed: {}", this, reason);
            finishing = true;
            sendOutgoing();
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        });
    }

    @Override
    public String toString() {
        SocketAddress peer = context == null ? null : context.channel().remoteAddress();
        return server + " " + (peer instanceof InetSocketAddress tcp ? ListenAddress.format(tcp) : "local client");
    }

    /** Bytes on their way to the socket, and the request that they end, if any. */
    private record Outgoing(ByteBuf bytes, InFlight request) {}

    /** A request between its frame and the end of its reply. */
    private final class InFlight implements Request {
        private final ByteBuf frame;
        private final long startNanos = System.nanoTime();
        private volatile long charged;
        private final AtomicBoolean ended = new AtomicBoolean();
        private boolean handedOver;
        private Runnable whenEnded = () -> {};

        InFlight(ByteBuf frame, int length) {
            this.frame = frame;
            this.charged = length;
        }

        void handle() throws MalformedMessageException {
            try {
                protocol.frame(frame, this);
            } catch (MalformedMessageException e) {
                release();
                throw e;
            } catch (RuntimeException | Error e) {
                fail(e);
            } finally {
                if (!handedOver) {
                    frame.release();
                }
            }
        }

        @Override
        public void run(int transferBytes, Runnable work) {
            if (transferBytes < resources.settings().offloadBytes()) {
                try {
                    work.run();
                    return;
                } catch (WouldWaitException e) {
                    // Falls through: nothing was done yet.
                }
            }
            try {
                resources.waitingThreads().execute(() -> runWaiting(work));
                // Not before: where no thread can be had, the frame is still ours.
                handedOver = true;
            } catch (RejectedExecutionException e) {
                release();
            }
        }

        private void runWaiting(Runnable work) {
            try {
                goOn(work);
            } finally {
                frame.release();
            }
        }

        @Override
        public void goOn(Runnable work) {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                fail(e);
            }
        }

        @Override
        public void whenEnded(Runnable action) {
            whenEnded = action;
        }

        /** A bug of ours, which must cost no more than this connection. */
        private void fail(Throwable cause) {
            try {
                LOG.error("{}: a request failed unexpectedly", FrameHandler.this, cause);
            } finally {
                release();
                close("internal error");
            }
        }

        @Override
        @SuppressWarnings("NonAtomicOperationOnVolatileField")
        public void charge(int replyBytes) {
            // One thread at a time works on a request.
            charged += replyBytes;
            share.charge(replyBytes);
        }

        @Override
        public void reply(ByteBuf reply) {
            enqueue(new Outgoing(reply, this));
        }

        @Override
        public void end() {
            release();
        }

        private void release() {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            share.release(charged);
            meter.took(System.nanoTime() - startNanos);
            whenEnded.run();
            if (finishing) {
                onEventLoop(FrameHandler.this::closeIfFinished);
            }
        }
    }
}
