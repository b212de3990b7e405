// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.net.Request;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.RmessageEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BooleanSupplier;

/**
 * One tag in flight. Its reply is sent under its own mutex. So a thread that finds the tag ended sends dependent messages
 * after the reply.
 */
final class PendingTag {
    private enum Phase {
        /** Not begun, or about to begin again on a thread that may wait. */
        QUEUED,
        RUNNING,
        /** The work returned, and the answer comes later. */
        WAITING,
        ENDED
    }

    private final int tag;
    private final Request request;
    private final ConcurrentMap<Integer, PendingTag> calls;
    private final ByteBufAllocator allocator;

    // Guarded by this.
    private Phase phase = Phase.QUEUED;
    private boolean aborted;
    private BooleanSupplier cancel;
    private List<Runnable> flushes = List.of();

    /** @param calls tags in flight by number; this one removes itself when it ends */
    PendingTag(int tag, Request request, ConcurrentMap<Integer, PendingTag> calls, ByteBufAllocator allocator) {
        this.tag = tag;
        this.request = request;
        this.calls = calls;
        this.allocator = allocator;
    }

    synchronized boolean hasEnded() {
        return phase == Phase.ENDED;
    }

    /** Notes that the work begins. Returns false if the tag has ended before. */
    synchronized boolean begin() {
        if (phase == Phase.ENDED) {
            // Not earlier, because the message counts as in flight until its turn comes.
            request.end();
            return false;
        }
        phase = Phase.RUNNING;
        return true;
    }

    /** Notes that the work did nothing and will begin again. */
    synchronized void putBack() {
        phase = Phase.QUEUED;
        if (aborted || !flushes.isEmpty()) {
            forget();
        }
    }

    /** Notes that the work returned, and the answer comes later. */
    synchronized void waitFor(BooleanSupplier cancellation) {
        phase = Phase.WAITING;
        cancel = cancellation;
        if (aborted || !flushes.isEmpty()) {
            tryCancel();
        }
    }

    /** Continues a request that waited. An exception of the work closes the connection. */
    void resume(Runnable work) {
        request.resume(work);
    }

    /** Sends the answer, unless the tag has ended or was aborted. */
    synchronized void end(Rmessage answer) {
        if (phase == Phase.ENDED) {
            discard(answer);
            return;
        }
        if (aborted) {
            discard(answer);
            request.end();
        } else {
            request.reply(RmessageEncoder.encode(allocator, tag, answer));
        }
        forget();
    }

    /** Cancels the request if that is still possible, and answers the Tflush after its end. */
    synchronized void flush(Runnable answer) {
        if (phase == Phase.ENDED) {
            answer.run();
            return;
        }
        if (flushes.isEmpty()) {
            flushes = new ArrayList<>();
        }
        flushes.add(answer);
        if (phase == Phase.QUEUED) {
            forget();
        } else if (phase == Phase.WAITING) {
            tryCancel();
        }
    }

    /** Ends the request without an answer: its session is gone, or its work failed unexpectedly. */
    synchronized void abort() {
        aborted = true;
        switch (phase) {
            case QUEUED -> forget();
            case WAITING -> tryCancel();
            case RUNNING -> {
                calls.remove(tag, this);
                answerFlushes();
            }
            case ENDED -> {}
        }
    }

    private void tryCancel() {
        // The cancelled wait calls end() on this thread. In this phase end() discards the answer.
        phase = Phase.ENDED;
        if (cancel.getAsBoolean()) {
            request.end();
            forget();
        } else {
            phase = Phase.WAITING;
        }
    }

    private void forget() {
        phase = Phase.ENDED;
        calls.remove(tag, this);
        answerFlushes();
    }

    private void answerFlushes() {
        flushes.forEach(Runnable::run);
        flushes = List.of();
    }

    private static void discard(Rmessage answer) {
        if (answer instanceof Rmessage.Data data) {
            data.bytes().release();
        }
    }
}
