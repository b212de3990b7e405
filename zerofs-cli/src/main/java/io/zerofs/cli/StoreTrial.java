// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * How fast a store answers and moves bytes: {@value #SMALL} small objects one after the other, and {@value #PARALLEL} parallel
 * objects of 4 MiB for up to two seconds in each direction. Deletes its objects, whose names begin like those of
 * {@link ConditionalWriteProbe}.
 *
 * @param putMillis median
 * @param getMillis median
 */
record StoreTrial(double putMillis, double getMillis, double upBytesPerSecond, double downBytesPerSecond) {
    static final int PARALLEL = 8;
    private static final int SMALL = 9;
    private static final int SMALL_BYTES = 4096;
    private static final int LARGE_BYTES = 4 << 20;
    private static final long NANOS_MAX = 2_000_000_000L;
    private static final int ROUNDS_MAX = 16;

    /** One request. */
    private interface Request {
        void send(String name) throws ObjectStoreException;
    }

    static StoreTrial of(ObjectStore store) throws ObjectStoreException, IOException {
        String prefix = ConditionalWriteProbe.PREFIX + HexFormat.of().toHexDigits(new SecureRandom().nextLong()) + "-";
        List<String> small = names(prefix + "small-", SMALL);
        List<String> large = names(prefix + "large-", PARALLEL);
        // Random bytes, because a proxy or a disk may compress others.
        byte[] bytes = new byte[LARGE_BYTES];
        new SecureRandom().nextBytes(bytes);
        ByteBuffer head = ByteBuffer.wrap(bytes, 0, SMALL_BYTES);
        ExecutorService threads = Executors.newFixedThreadPool(PARALLEL);
        // A signal must not leave objects that nobody deletes.
        Thread cleaner = new Thread(() -> delete(store, small, large));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            double put = median(small, name -> store.put(name, List.of(head), new ObjectStore.IfAbsent()));
            double get = median(small, name -> store.get(name, SMALL_BYTES));
            double up = rate(threads, large, name -> {
                store.delete(List.of(name));
                store.put(name, List.of(ByteBuffer.wrap(bytes)), new ObjectStore.IfAbsent());
            });
            double down = rate(threads, large, name -> store.get(name, LARGE_BYTES));
            return new StoreTrial(put, get, up, down);
        } finally {
            threads.shutdownNow();
            if (!isStopping(cleaner)) {
                delete(store, small, large);
            }
        }
    }

    private static boolean isStopping(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
            return false;
        } catch (IllegalStateException e) {
            return true; // The cleaner runs.
        }
    }

    /** Deletes the objects of a trial, as far as the store permits. The trial itself has reported a store that fails. */
    private static void delete(ObjectStore store, List<String> small, List<String> large) {
        try {
            store.delete(Stream.concat(small.stream(), large.stream()).toList());
        } catch (ObjectStoreException e) {
            LoggerFactory.getLogger(StoreTrial.class).warn("objects of the trial may be left: {}", e.getMessage());
        }
    }

    private static List<String> names(String prefix, int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(prefix + i);
        }
        return names;
    }

    private static double median(List<String> names, Request request) throws ObjectStoreException {
        double[] millis = new double[names.size()];
        for (int i = 0; i < millis.length; i++) {
            long began = System.nanoTime();
            request.send(names.get(i));
            millis[i] = (System.nanoTime() - began) / 1e6;
        }
        Arrays.sort(millis);
        return millis[millis.length / 2];
    }

    /** Returns the bytes per second of parallel requests, in as many rounds as fit into the time. */
    private static double rate(ExecutorService threads, List<String> names, Request request)
            throws ObjectStoreException, IOException {
        long began = System.nanoTime();
        long bytes = 0;
        for (int round = 0; round < ROUNDS_MAX && System.nanoTime() - began < NANOS_MAX; round++) {
            List<Future<?>> sent = new ArrayList<>();
            for (String name : names) {
                sent.add(threads.submit(() -> {
                    request.send(name);
                    return null;
                }));
            }
            for (Future<?> each : sent) {
                await(each);
            }
            bytes += (long) names.size() * LARGE_BYTES;
        }
        return bytes / ((System.nanoTime() - began) / 1e9);
    }

    private static void await(Future<?> request) throws ObjectStoreException, IOException {
        try {
            request.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ObjectStoreException failure) {
                throw failure;
            }
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
