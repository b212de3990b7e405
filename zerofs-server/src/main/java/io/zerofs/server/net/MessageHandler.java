// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.NotSslRecordException;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.Unit;
import io.zerofs.server.bytes.MalformedMessageException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts one connection's bytes into messages, admits them and sends the replies. Lives on the event loop of its channel;
 * other threads may call only the methods of {@link Connection} and {@link Request}.
 */
final class MessageHandler extends ChannelConnection {
    private static final Logger LOG = LoggerFactory.getLogger(MessageHandler.class);

    /** Maximum messages of one connection before its event loop serves its others. They take a millisecond or less. */
    static final int MESSAGES_PER_TURN_MAX = 128;

    /** Milliseconds that a client has to end its side after the daemon has ended its own. */
    private static final long LINGER_MILLIS = 1_000;

    private final AdmissionControl.ConnectionBudget budget;
    private final MessageProtocol protocol;
    private final DistributionDataPoint meter;
    private ReplyWriter replies;

    // Confined to the event loop.
    private MessageReceiver receiver;
    private int messageBytes;
    /** Bytes that were admitted for the message that is being received; 0 before its admission. */
    private int admittedBytes;
    /** Bytes that the budget counts in addition for a buffer of the receiver. */
    private int roomBytes;
    /** The request that waits for room for its reply, or null. Meanwhile no later message is cut. */
    private PendingRequest deferred;

    private int messagesInTurn;
    private boolean blocked;
    private boolean paused;
    private boolean encrypted;
    private volatile boolean finishing;
    /** Whether an error or the daemon ends the connection. Not set by {@link #finish}. */
    private boolean broken;

    private final ProgressCheck progress;

    MessageHandler(String server, ServerResources resources, Client client, MessageProtocol.Factory factory) {
        super(server, resources, client);
        this.budget = resources.admission().budget(client, () -> onEventLoop(this::unblock));
        this.protocol = factory.connect(this);
        this.meter = resources.meter(server);
        this.progress = new ProgressCheck(budget, protocol, resources.settings().stallSeconds());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws IOException {
        super.handlerAdded(added);
        receiver = new MessageReceiver(added.alloc(), new Room());
        replies = new ReplyWriter(added, progress.stall(), this::onEventLoop);
        added.channel().config().setRecvByteBufAllocator(receiver);
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        LOG.debug("{}: connected", this);
        progress.start(active, this::closeNow);
        protocol.opened();
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        replies.gather();
        append((ByteBuf) message);
        cutMessages();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext from) {
        messagesInTurn = messagesInTurn < MESSAGES_PER_TURN_MAX ? 0 : messagesInTurn;
        settleRoom();
        replies.flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        LOG.debug("{}: disconnected", this);
        messagesInTurn = Integer.MIN_VALUE; // Requests that came before the end do not wait for another turn.
        cutMessages();
        finishing = true;
        dropReceived();
        budget.cancel();
        if (deferred != null) {
            deferred.abandon();
            deferred = null;
        }
        protocol.closed(!broken && !replies.failed() && budget.requests() == 0);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("{}: {}", this, cause.getMessage());
        } else if (cause.getCause() instanceof SSLException refused) {
            // If the bytes are not TLS, Netty's own message contains all of them. The log must not.
            String reason = refused instanceof NotSslRecordException ? "not encrypted" : refused.getMessage();
            resources.closed().line("{}: closed: TLS: {}", this, reason);
        } else {
            resources.unexpected().line("{}: closed after an unexpected error", this, cause);
        }
        abort();
    }

    @Override
    public void finish() {
        // At once: no message may be cut from bytes after the request in progress.
        finishing = true;
        onEventLoop(() -> {
            dropReceived();
            closeIfFinished();
        });
    }

    private void append(ByteBuf bytes) {
        progress.stall().moved(bytes.readableBytes());
        if (finishing) {
            bytes.release();
        } else {
            receiver.append(bytes);
        }
    }

    private void cutMessages() {
        try {
            while (!isHeldBack() && receiver.bytes() != null && nextMessageIsWhole()) {
                ByteBuf message = receiver.cut(messageBytes);
                int charged = admittedBytes;
                messageBytes = 0;
                admittedBytes = 0;
                progress.idleness().use();
                new PendingRequest(this, budget, message, charged).handle(protocol);
                if (++messagesInTurn == MESSAGES_PER_TURN_MAX) {
                    letOthers();
                }
            }
        } catch (MalformedMessageException e) {
            close("malformed message: " + e.getMessage());
        }
        settleRoom();
        progress.stall().expect(receiver.bytes() != null);
    }

    private boolean nextMessageIsWhole() throws MalformedMessageException {
        ByteBuf received = receiver.bytes();
        if (messageBytes == 0) {
            messageBytes = protocol.messageBytes(received);
        }
        int known = messageBytes > 0
                ? messageBytes
                : received.readableBytes() > AdmissionControl.SMALL_BYTES
                        ? protocol.unknownLengthBytesMax()
                        : admittedBytes;
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
        return messageBytes > 0;
    }

    /** Counts the known length of the message that is being received. Returns whether there is room. */
    private boolean admit(int messageBytesKnown) {
        int known = Math.max(messageBytesKnown, AdmissionControl.REQUEST_BYTES_MIN);
        if (admittedBytes == 0) {
            // A message that fits uses the receiver's bytes, which already count. Any other message counts anew.
            boolean fits = known <= roomBytes;
            if (!budget.tryAdmit(fits ? 0 : known)) {
                return false;
            }
            if (fits) {
                roomBytes -= known;
            } else if (roomBytes > 0) {
                budget.refund(roomBytes);
                roomBytes = 0;
            }
        } else if (known != admittedBytes) {
            budget.refund(admittedBytes - known);
        }
        admittedBytes = known;
        return true;
    }

    /** Stops reading until there is room. */
    private void block() {
        blocked = true;
        context.channel().config().setAutoRead(false);
        budget.awaitRoom();
    }

    /** Refunds the receiver's bytes once it has released their buffer. */
    private void settleRoom() {
        if (roomBytes > receiver.capacity()) {
            budget.refund(roomBytes);
            roomBytes = 0;
        }
    }

    /** Makes a request wait for room for its reply. Called while its message is handled. */
    void defer(PendingRequest request) {
        deferred = request;
        block();
    }

    private void unblock() {
        blocked = false;
        if (deferred != null) {
            PendingRequest next = deferred;
            deferred = null;
            next.runDeferred();
        }
        goOn();
    }

    /** Continues after the event loop has served its other sockets: work that a task schedules runs no earlier. */
    private void letOthers() {
        context.channel().config().setAutoRead(false);
        Runnable next = () -> {
            messagesInTurn = 0;
            goOn();
        };
        onEventLoop(() -> context.executor().schedule(() -> onEventLoop(next), 0, TimeUnit.NANOSECONDS));
    }

    private void goOn() {
        replies.gather();
        cutMessages();
        replies.flush();
        if (!isHeldBack()) {
            context.channel().config().setAutoRead(true);
        }
    }

    private boolean isHeldBack() {
        return blocked || paused || finishing || messagesInTurn == MESSAGES_PER_TURN_MAX;
    }

    private void dropReceived() {
        if (admittedBytes > 0) {
            budget.release(admittedBytes);
            admittedBytes = 0;
        }
        messageBytes = 0;
        receiver.drop();
        settleRoom();
    }

    /**
     * Ends the daemon's side first and reads on until the client ends its own. Closing a socket with unread bytes would
     * reset the connection, and the client could lose replies in flight.
     */
    private void closeIfFinished() {
        if (!finishing || budget.requests() > 0 || !context.channel().isActive()) {
            return;
        }
        replies.flush();
        if (encrypted) {
            context.close(); // TLS announces it to the client first.
        } else if (context.channel() instanceof DuplexChannel socket && !socket.isOutputShutdown()) {
            socket.shutdownOutput();
            context.channel().config().setAutoRead(true);
            context.executor().schedule(() -> context.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Sends the reply that ends a request. Any thread. */
    void reply(ByteBuf bytes, PendingRequest request) {
        replies.send(bytes, request::release);
    }

    /** Counts a request that ended. Any thread. */
    void requestEnded(long nanos) {
        meter.observe(Unit.nanosToSeconds(nanos));
        if (finishing) {
            onEventLoop(this::closeIfFinished);
        }
    }

    /** Logs a bug of the daemon. */
    void tellUnexpected(Throwable cause) {
        resources.unexpected().line("{}: a request failed unexpectedly", this, cause);
    }

    /** Returns the block device that the connection uses. Any thread. */
    Optional<String> device() {
        return protocol.device();
    }

    /** Returns protocol and peer, for traces. */
    String origin() {
        return client.protocolName() + " " + peer();
    }

    boolean isTraced() {
        return resources.operations().isWatched();
    }

    int offloadBytes() {
        return resources.settings().threads().offloadBytes();
    }

    Idleness idleness() {
        return progress.idleness();
    }

    /** Makes way for another connection. Any thread. Logs at debug, because floods of clients must not fill the log. */
    void makeWay() {
        LOG.debug("{}: closed: it keeps nothing, and another connection needs its place", this);
        onEventLoop(this::abort);
    }

    private void abort() {
        broken = true; // The client may have sent a request meanwhile.
        finishing = true;
        context.close();
    }

    /** Closes the connection without waiting for its replies. They fail, and that makes room for other connections. */
    private void closeNow(String reason) {
        resources.closed().line("{}: closed: {}", this, reason);
        abort();
    }

    @Override
    public void onEventLoop(Runnable work) {
        try {
            context.executor().execute(() -> {
                try {
                    work.run();
                } catch (RuntimeException | Error e) {
                    // Treated like an exception of a read: nothing might ever read the connection again.
                    exceptionCaught(context, e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: the event loop has ended", this);
        }
    }

    @Override
    public void send(ByteBuf bytes, Runnable sent) {
        replies.send(bytes, sent);
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
            goOn();
        });
    }

    @Override
    public void startTls(TlsServer tls) {
        onEventLoop(() -> {
            replies.sendQueue();
            if (receiver.bytes() != null) {
                close("bytes after STARTTLS that are not encrypted");
                return;
            }
            receiver.isNotReadInto();
            tls.secure(context, blockingExecutor());
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
            replies.sendQueue();
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        });
    }

    /** The bytes that the receiver may take beyond the admitted ones. */
    private final class Room implements MessageReceiver.Room {
        @Override
        public boolean tryTake(int expectedBytes) {
            if (finishing || roomBytes > 0 || !budget.tryReserve(expectedBytes)) {
                return false;
            }
            roomBytes = expectedBytes;
            return true;
        }

        @Override
        public boolean isScarce() {
            return resources.admission().isFull();
        }
    }
}
