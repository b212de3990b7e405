// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.FsException;
import io.zerofs.server.nbd.wire.NbdRequest;
import io.zerofs.server.net.Request;

/**
 * A request without payload for a range of up to 4 GiB. It runs in steps. Between two steps it queues after the
 * requests that arrived meanwhile, so that no range delays other requests for long. One thread at a time.
 */
final class RangeWork {
    private final NbdCall call;
    private final Request request;
    private final Step step;
    private final long end;
    private long next;

    /** Does a first part of the rest of the range and returns its length. Doing it twice is the same as doing it once. */
    @FunctionalInterface
    interface Step {
        long apply(long offset, long length) throws FsException;
    }

    RangeWork(NbdCall call, NbdRequest asked, Request request, Step step) {
        this.call = call;
        this.request = request;
        this.step = step;
        this.next = asked.offset();
        this.end = asked.offset() + asked.length();
    }

    /** @param stepBytes bytes of memory that a step takes */
    void begin(int stepBytes) {
        int cost = (int) Math.min(Integer.MAX_VALUE, end - next);
        request.run(cost, stepBytes, this::resume);
    }

    private void resume() {
        call.attempt(() -> {
            if (next < end) {
                next += step.apply(next, end - next);
            }
            if (next == end) {
                call.answerChange();
            } else {
                call.transmission().connection().blockingExecutor().execute(() -> request.resume(this::resume));
            }
        });
    }
}
