// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

/**
 * Runs requests to the store in parallel.
 *
 * @param executor runs tasks that wait for the store; tasks started here start no others
 */
record ParallelRequests(Executor executor) {
    /** A task that may fail like a request. */
    @FunctionalInterface
    interface Request<T> {
        T run() throws ObjectStoreException, CorruptObjectException, OpenException, IOException;
    }

    <T> CompletableFuture<T> start(Request<T> request) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return request.run();
                    } catch (ObjectStoreException | CorruptObjectException | OpenException | IOException e) {
                        throw new CompletionException(e);
                    }
                },
                executor);
    }

    /** Waits for a started request. Returns its result or throws its exception. */
    static <T> T await(CompletableFuture<T> started)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        try {
            return ended(started);
        } catch (CancellationException e) {
            throw new IllegalStateException("a request was given up", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof ObjectStoreException failure) {
                throw failure;
            } else if (cause instanceof CorruptObjectException failure) {
                throw failure;
            } else if (cause instanceof OpenException failure) {
                throw failure;
            } else if (cause instanceof IOException failure) {
                throw failure;
            }
            throw new CompletionException(cause);
        }
    }

    /** Waits for a request that began early. Returns empty if it failed, because then a later request decides. */
    static <T> Optional<T> ifSucceeded(CompletableFuture<T> started) {
        try {
            return Optional.of(ended(started));
        } catch (CancellationException | ExecutionException e) {
            return Optional.empty();
        }
    }

    /** Waits for the end of a request, even if interrupted. */
    static void awaitEnd(CompletableFuture<?> started) {
        try {
            ended(started);
        } catch (CancellationException | ExecutionException e) {
            // The request has ended.
        }
    }

    /** Returns the result of a request, or throws its failure, when it has ended. */
    private static <T> T ended(CompletableFuture<T> started) throws ExecutionException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return Machine.current().await(started);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns the results in the order of the requests. All have ended when this returns or throws. */
    <T> List<T> all(List<? extends Request<T>> requests)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        List<CompletableFuture<T>> started = new ArrayList<>(requests.size());
        for (Request<T> request : requests) {
            started.add(start(request));
        }
        started.forEach(ParallelRequests::awaitEnd);
        List<T> results = new ArrayList<>(started.size());
        for (CompletableFuture<T> one : started) {
            results.add(await(one));
        }
        return results;
    }
}
