// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.FsException;
import io.zerofs.server.nbd.wire.NbdRequest;
import io.zerofs.server.net.Request;

/**
 * A request without payload for a range of up to 4 GiB. It is done in steps, and between two steps it queues behind the
 * requests that came meanwhile, so that a range of any size holds nobody up. One thread at a time.
 */
final class RangeWork {
    /** Largest range that becomes a hole in one step. */
    static final long DEALLOCATE_BYTES_MAX = 64L << 20;

    /** Largest range whose bytes are moved in one step. */
    static final long TRANSFER_BYTES_MAX = 1L << 20;

    private final NbdCall call;
    private final Step step;
    private final long stepBytes;
    private final long end;
    private long next;

    /** Does a part of the range. Doing it twice is the same as doing it once. */
    @FunctionalInterface
    interface Step {
        void apply(long offset, long bytes) throws FsException;
    }

    RangeWork(NbdCall call, NbdRequest asked, long stepBytes, Step step) {
        this.call = call;
        this.step = step;
        this.stepBytes = stepBytes;
        this.next = asked.offset();
        this.end = asked.offset() + asked.length();
    }

    void begin(Request request) {
        int cost = (int) Math.min(Integer.MAX_VALUE, end - next);
        request.run(cost, this::goOn);
    }

    private void goOn() {
        call.attempt(() -> {
            long bytes = Math.min(end - next, stepBytes);
            step.apply(next, bytes);
            next += bytes;
            if (next == end) {
                call.answerChange();
            } else {
                call.transmission().connection().waitingThreads().execute(this::goOn);
            }
        });
    }
}
