// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.NotSslRecordException;
import io.zerofs.server.bytes.MalformedMessageException;
import java.io.IOException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts one connection's bytes into frames, lets them in through the gate and sends the replies. Lives on the event loop
 * of its channel; only what {@link Connection} and {@link Request} offer may be called from other threads.
 */
final class FrameHandler extends ChannelConnection {
    private static final Logger LOG = LoggerFactory.getLogger(FrameHandler.class);

    /** Replies written before the socket gets them, so that a long batch does not delay its first reply. */
    private static final int REPLIES_PER_FLUSH_MAX = 32;

    /** How often it is looked whether the connection moves. */
    private static final int LOOK_SECONDS = 1;

    /** The part of the time after which a stalled connection is closed that it has while others wait for its memory. */
    private static final int WANTED_PART = 12;

    /** What a client then has to move between two looks. */
    private static final int WANTED_BYTES_MIN = 16 << 10;

    /** How long a client has to end its side after we ended ours. */
    private static final long LINGER_MILLIS = 1_000;

    private final RequestGate.Share share;
    private final FrameProtocol protocol;
    private final RequestMeter meter;
    private final ConcurrentLinkedQueue<Outgoing> outgoing = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean sending = new AtomicBoolean();

    // Confined to the event loop.
    private FrameReceiver receiver;
    private int frameBytes;
    /** What the gate has let in of the frame that has begun; 0 before it did. */
    private int admittedBytes;

    /** What it has counted of the receiver's room besides. */
    private int roomBytes;

    /** A request whose reply there is no room for; nothing behind it is cut. */
    private InFlight deferred;

    private boolean blocked;
    private boolean paused;
    private boolean encrypted;
    private volatile boolean finishing;
    private boolean inReadLoop;

    /** Whether the connection ends by an error, by us, or with a reply that the socket did not take. */
    private boolean broken;

    private int unflushed;
    private final StallDetector stall = new StallDetector();
    private final Idleness idleness = new Idleness();

    FrameHandler(String server, ServerResources resources, Client client, FrameProtocol.Factory factory) {
        super(server, resources, client);
        this.share = resources.gate().share(client, () -> onEventLoop(this::unblock));
        this.protocol = factory.connect(this);
        this.meter = resources.meter(server);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws IOException {
        super.handlerAdded(added);
        receiver = new FrameReceiver(added.alloc(), new Room());
        added.channel().config().setRecvByteBufAllocator(receiver);
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        LOG.debug("{}: connected", this);
        scheduleLook(LOOK_SECONDS);
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
        settleRoom();
        flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        LOG.debug("{}: disconnected", this);
        finishing = true;
        dropReceived();
        share.giveUp();
        if (deferred != null) {
            deferred.abandon();
            deferred = null;
        }
        protocol.closed(!broken && share.requests() == 0);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        broken = true;
        if (cause instanceof IOException) {
            LOG.debug("{}: {}", this, cause.getMessage());
        } else if (cause.getCause() instanceof SSLException refused) {
            // Netty's own message of what is no TLS has all of its bytes, which nobody was to read.
            String reason = refused instanceof NotSslRecordException ? "not encrypted" : refused.getMessage();
            resources.closed().line("{}: closed: TLS: {}", this, reason);
        } else {
            resources.unexpected().line("{}: closed after an unexpected error", this, cause);
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
        stall.moved(bytes.readableBytes());
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
                int charged = admittedBytes;
                frameBytes = 0;
                admittedBytes = 0;
                idleness.use();
                new InFlight(this, share, frame, charged).handle(protocol);
            }
        } catch (MalformedMessageException e) {
            close("malformed message: " + e.getMessage());
        }
        settleRoom();
        stall.expect(receiver.bytes() != null);
        if (!inReadLoop) {
            flush();
        }
    }

    private boolean nextFrameIsWhole() throws MalformedMessageException {
        ByteBuf received = receiver.bytes();
        if (frameBytes == 0) {
            frameBytes = protocol.frameBytes(received);
        }
        int known = frameBytes > 0
                ? frameBytes
                : received.readableBytes() > RequestGate.SMALL_BYTES ? protocol.untoldBytesMax() : admittedBytes;
        if (known == 0) {
            return false;
        }
        if (!admit(known)) {
            block();
            return false;
        }
        if (received.readableBytes() < known) {
            receiver.await(known);
            return false;
        }
        return frameBytes > 0;
    }

    /** Counts what is now known of the frame that has begun; false if there is no room. */
    private boolean admit(int frameBytesKnown) {
        int known = Math.max(frameBytesKnown, RequestGate.REQUEST_BYTES_MIN);
        if (admittedBytes == 0) {
            // What does not fit into the room gets another.
            boolean fits = known <= roomBytes;
            if (!share.tryAdmit(fits ? 0 : known)) {
                return false;
            }
            if (fits) {
                roomBytes -= known;
            } else if (roomBytes > 0) {
                share.giveBack(roomBytes);
                roomBytes = 0;
            }
        } else if (known != admittedBytes) {
            share.giveBack(admittedBytes - known);
        }
        admittedBytes = known;
        return true;
    }

    /** Reads no more until there is room. */
    private void block() {
        blocked = true;
        context.channel().config().setAutoRead(false);
        share.awaitRoom();
    }

    /** Gives the receiver's room back when it has let go of it. */
    private void settleRoom() {
        if (roomBytes > receiver.capacity()) {
            share.giveBack(roomBytes);
            roomBytes = 0;
        }
    }

    /** Called while a frame is handled: lets it wait for room for its reply. */
    void defer(InFlight request) {
        deferred = request;
        block();
    }

    private void unblock() {
        blocked = false;
        if (deferred != null) {
            InFlight next = deferred;
            deferred = null;
            next.runDeferred();
        }
        cutFrames();
        readIfWanted();
    }

    private void readIfWanted() {
        if (!blocked && !paused && !finishing) {
            context.channel().config().setAutoRead(true);
        }
    }

    private void dropReceived() {
        if (admittedBytes > 0) {
            share.release(admittedBytes);
            admittedBytes = 0;
        }
        frameBytes = 0;
        receiver.drop();
        settleRoom();
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
        if (encrypted) {
            context.close(); // Which says so to the client first.
        } else if (context.channel() instanceof DuplexChannel socket && !socket.isOutputShutdown()) {
            socket.shutdownOutput();
            context.channel().config().setAutoRead(true);
            context.executor().schedule(() -> context.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Any thread; sends the reply that ends a request. */
    void reply(ByteBuf bytes, InFlight request) {
        enqueue(new Outgoing(bytes, request::release));
    }

    /** Any thread. */
    void requestEnded(long nanos) {
        meter.took(nanos);
        if (finishing) {
            onEventLoop(this::closeIfFinished);
        }
    }

    /** Tells of a bug of ours. */
    void tellUnexpected(Throwable cause) {
        resources.unexpected().line("{}: a request failed unexpectedly", this, cause);
    }

    int offloadBytes() {
        return resources.settings().offloadBytes();
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
        int length = next.bytes.readableBytes();
        context.write(next.bytes).addListener(done -> {
            stall.moved(length);
            broken |= !done.isSuccess();
            next.sent.run();
        });
    }

    private void flush() {
        if (unflushed > 0) {
            unflushed = 0;
            context.flush();
        }
    }

    private void scheduleLook(int ageSeconds) {
        context.executor().schedule(() -> look(ageSeconds), LOOK_SECONDS, TimeUnit.SECONDS);
    }

    private void look(int ageSeconds) {
        if (!context.channel().isActive()) {
            return;
        }
        if (idleness.look(share.requests() > 0) && protocol.keepsNothing()) {
            idleness.becomeIdle();
        }
        int stallSeconds = resources.settings().stallSeconds();
        boolean wanted = share.isWanted();
        int quietSeconds = LOOK_SECONDS * stall.look(context.channel(), wanted ? WANTED_BYTES_MIN : 1);
        if (quietSeconds >= stallSeconds || protocol.isOneShot() && ageSeconds >= stallSeconds) {
            closeNow("no progress for " + stallSeconds + " s");
        } else if (wanted && quietSeconds >= Math.max(1, stallSeconds / WANTED_PART)) {
            closeNow("hardly any progress for " + quietSeconds + " s, and others wait for the memory that it holds");
        } else {
            scheduleLook(ageSeconds + LOOK_SECONDS);
        }
    }

    Idleness idleness() {
        return idleness;
    }

    /** Closes it, because another connection needs its place. Floods of them must not fill the log. */
    void makeWay() {
        LOG.debug("{}: closed: it keeps nothing, and another connection needs its place", this);
        onEventLoop(() -> {
            broken = true; // Its client may have asked for something meanwhile.
            finishing = true;
            context.close();
        });
    }

    /** Replies that fail now make room, but nobody is left to be answered. */
    private void closeNow(String reason) {
        resources.closed().line("{}: closed: {}", this, reason);
        broken = true;
        finishing = true;
        context.close();
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
    public void send(ByteBuf bytes, Runnable sent) {
        enqueue(new Outgoing(bytes, sent));
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
    public void startTls(TlsServer tls) {
        onEventLoop(() -> {
            sendOutgoing();
            if (receiver.bytes() != null) {
                close("bytes behind STARTTLS that are not encrypted");
                return;
            }
            receiver.isNotReadInto();
            tls.secure(context, waitingThreads());
            encrypted = true;
            resume();
        });
    }

    @Override
    public void close(String reason) {
        onEventLoop(() -> {
            if (!context.channel().isActive()) {
                return;
            }
            resources.closed().line("{}: closed: {}", this, reason);
            broken = true;
            finishing = true;
            sendOutgoing();
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        });
    }

    /** What the receiver may take beyond what was let in. */
    private final class Room implements FrameReceiver.Room {
        @Override
        public boolean tryTake(int expectedBytes) {
            if (finishing || roomBytes > 0 || !share.tryHold(expectedBytes)) {
                return false;
            }
            roomBytes = expectedBytes;
            return true;
        }

        @Override
        public boolean isScarce() {
            return resources.gate().isFull();
        }
    }

    /** Bytes on their way to the socket, and what follows when they are gone. */
    private record Outgoing(ByteBuf bytes, Runnable sent) {}
}
