// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.waiting.WouldWaitException;
import io.zerofs.server.bytes.MalformedMessageException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A request between its frame and the end of its reply. */
final class InFlight implements Request {
    private final FrameHandler connection;
    private final RequestGate.Share share;
    private final ByteBuf frame;
    private final long startNanos = System.nanoTime();
    private final int frameCharged;
    private volatile int replyCharged;
    private final AtomicBoolean ended = new AtomicBoolean();
    private boolean handedOver;
    private Runnable whenEnded = () -> {};
    private Runnable whenThereIsRoom;

    /**
     * @param frame owned by the request
     * @param frameCharged what the gate has counted for it
     */
    InFlight(FrameHandler connection, RequestGate.Share share, ByteBuf frame, int frameCharged) {
        this.connection = connection;
        this.share = share;
        this.frame = frame;
        this.frameCharged = frameCharged;
    }

    void handle(FrameProtocol protocol) throws MalformedMessageException {
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
    public void run(int transferBytes, int replyBytes, Runnable work) {
        if (replyBytes > 0 && !share.tryCharge(replyBytes)) {
            handedOver = true;
            whenThereIsRoom = () -> run(transferBytes, replyBytes, work);
            connection.defer(this);
            return;
        }
        replyCharged = replyBytes;
        if (transferBytes < connection.offloadBytes()) {
            try {
                work.run();
                return;
            } catch (WouldWaitException e) {
                // Falls through: nothing was done yet.
            }
        }
        try {
            connection.waitingThreads().execute(() -> runWaiting(work));
            // Not before: where no thread can be had, the frame is still ours.
            handedOver = true;
        } catch (RejectedExecutionException e) {
            release();
        }
    }

    /** Takes the frame back, and tries again. */
    void runDeferred() {
        handedOver = false;
        try {
            whenThereIsRoom.run();
        } catch (RuntimeException | Error e) {
            fail(e);
        } finally {
            if (!handedOver) {
                frame.release();
            }
        }
    }

    /** The connection is gone, and nothing was begun. */
    void abandon() {
        frame.release();
        release();
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
            connection.tellUnexpected(cause);
        } finally {
            release();
            connection.close("internal error");
        }
    }

    @Override
    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    public void charge(int replyBytes) {
        // One thread at a time works on a request.
        replyCharged += replyBytes;
        share.charge(replyBytes);
    }

    @Override
    public void reply(ByteBuf reply) {
        connection.reply(reply, this);
    }

    @Override
    public void end() {
        release();
    }

    /** Ends it, once. */
    void release() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        share.giveBack(replyCharged);
        share.release(frameCharged);
        whenEnded.run();
        connection.requestEnded(System.nanoTime() - startNanos);
    }
}
