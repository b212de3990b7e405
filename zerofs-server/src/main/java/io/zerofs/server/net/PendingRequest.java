// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.bytes.MalformedMessageException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A request between its message and the end of its reply. */
final class PendingRequest implements Request {
    private final MessageHandler connection;
    private final AdmissionControl.ConnectionBudget budget;
    private final ByteBuf message;
    private final long startNanos = System.nanoTime();
    private final int messageCharged;
    private volatile int replyCharged;
    private final AtomicBoolean ended = new AtomicBoolean();
    private boolean handedOver;
    private Runnable whenEnded = () -> {};
    private Runnable whenThereIsRoom;

    /**
     * @param message owned by the request
     * @param messageCharged bytes that the budget counts for it
     */
    PendingRequest(
            MessageHandler connection, AdmissionControl.ConnectionBudget budget, ByteBuf message, int messageCharged) {
        this.connection = connection;
        this.budget = budget;
        this.message = message;
        this.messageCharged = messageCharged;
    }

    void handle(MessageProtocol protocol) throws MalformedMessageException {
        try {
            protocol.message(message, this);
        } catch (MalformedMessageException e) {
            release();
            throw e;
        } catch (RuntimeException | Error e) {
            fail(e);
        } finally {
            if (!handedOver) {
                message.release();
            }
        }
    }

    @Override
    public void run(int transferBytes, int replyBytes, Runnable work) {
        if (replyBytes > 0 && !budget.tryCharge(replyBytes)) {
            handedOver = true;
            whenThereIsRoom = () -> run(transferBytes, replyBytes, work);
            connection.defer(this);
            return;
        }
        replyCharged = replyBytes;
        if (transferBytes < connection.offloadBytes()) {
            try {
                carryOut(work);
                return;
            } catch (WouldBlockException e) {
                // The work has changed nothing yet. A waiting thread runs all of it again, below.
            }
        }
        try {
            connection.blockingExecutor().execute(() -> runWaiting(work));
            // Only now: if the pool is closed, this method still owns the message.
            handedOver = true;
        } catch (RejectedExecutionException e) {
            release();
        }
    }

    /** Takes the message back and runs the deferred work again. */
    void runDeferred() {
        handedOver = false;
        try {
            whenThereIsRoom.run();
        } catch (RuntimeException | Error e) {
            fail(e);
        } finally {
            if (!handedOver) {
                message.release();
            }
        }
    }

    /** Drops a deferred request, because the connection is gone. */
    void abandon() {
        message.release();
        release();
    }

    private void runWaiting(Runnable work) {
        try {
            resume(work);
        } finally {
            message.release();
        }
    }

    @Override
    public void resume(Runnable work) {
        try {
            carryOut(work);
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void carryOut(Runnable work) {
        if (connection.isTraced()) {
            Origin.run(connection, work);
        } else {
            work.run();
        }
    }

    @Override
    public void whenEnded(Runnable action) {
        whenEnded = action;
    }

    /** Logs a bug of the daemon and closes the connection; the bug must cost no more than that. */
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
        budget.charge(replyBytes);
    }

    @Override
    public void reply(ByteBuf reply) {
        connection.reply(reply, this);
    }

    @Override
    public void end() {
        release();
    }

    /** Ends the request, once. */
    void release() {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        budget.refund(replyCharged);
        budget.release(messageCharged);
        whenEnded.run();
        connection.requestEnded(System.nanoTime() - startNanos);
    }
}
