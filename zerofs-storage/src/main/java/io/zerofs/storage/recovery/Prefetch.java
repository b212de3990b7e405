// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Results of requests in their order, with the next requests in flight. Their number and bytes are bounded, so that waiting
 * results do not fill the memory. Confined to one thread.
 */
final class Prefetch<T> {
    private static final int AHEAD_MAX = 32;
    private static final long AHEAD_BYTES_MAX = 128L * 1024 * 1024;

    private final ParallelRequests requests;
    private final Iterator<Item<T>> items;
    private final Deque<Started<T>> ahead = new ArrayDeque<>();
    private long aheadBytes;

    Prefetch(ParallelRequests requests, List<Item<T>> items) {
        this.requests = requests;
        this.items = items.iterator();
    }

    /**
     * One later request.
     *
     * @param bytes maximum memory of the request and its result
     */
    record Item<T>(long bytes, ParallelRequests.Request<T> request) {}

    private record Started<T>(long bytes, CompletableFuture<T> result) {}

    boolean hasNext() {
        return items.hasNext() || !ahead.isEmpty();
    }

    /** Returns the next result, or throws its request's exception after the requests in flight have ended. */
    T next() throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        while (items.hasNext() && (ahead.isEmpty() || ahead.size() < AHEAD_MAX && aheadBytes < AHEAD_BYTES_MAX)) {
            Item<T> item = items.next();
            ahead.add(new Started<>(item.bytes(), requests.start(item.request())));
            aheadBytes += item.bytes();
        }
        Started<T> first = ahead.remove();
        aheadBytes -= first.bytes();
        boolean done = false;
        try {
            T result = ParallelRequests.await(first.result());
            done = true;
            return result;
        } finally {
            if (!done) {
                ahead.forEach(started -> ParallelRequests.awaitEnd(started.result()));
            }
        }
    }
}
