// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real server with {@code ci/stores/StoreProxy.java} in front of it: with retries no fault of the network loses, changes or
 * invents an object. Each worker has names of its own and knows what must be there.
 */
public abstract class NetworkFaultsContract {
    private static final int WORKERS = 4;
    private static final int STEPS = 12;
    private static final int SIZE_MAX = 300_000;

    private final HttpClient admin = HttpClient.newHttpClient();
    private ObjectStore store;

    protected static final ConnectionSettings CONNECTIONS =
            new ConnectionSettings(16, Duration.ofSeconds(5), Duration.ofSeconds(5), 1 << 20, Duration.ofSeconds(30));

    /** The admin port of the proxy. */
    protected abstract URI proxy();

    /** The adapter, in a place of its own, by way of the proxy. */
    protected abstract ObjectStore openAdapter() throws Exception;

    @BeforeEach
    void open() throws Exception {
        command("/clear");
        store = new RetryingObjectStore(openAdapter(), RetrySettings.DEFAULTS, MonotonicClock.system(), new Random(17));
    }

    @AfterEach
    void close() throws Exception {
        command("/clear");
        store.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "slowdown=30",
                "unavailable=30",
                "before=20",
                "upload=30",
                "after=20",
                "hang=2",
                "cut=20",
                "slowdown=5&unavailable=5&before=5&upload=5&after=5&cut=5&hang=0.5&latency=5&jitter=20",
            })
    void acknowledgedObjectsAreThereAndNoOthers(String faults) throws Exception {
        command("/set?" + faults);
        Map<String, byte[]> expected = new TreeMap<>();
        for (Map<String, byte[]> ofWorker : inParallel(this::work)) {
            expected.putAll(ofWorker);
        }
        command("/clear");
        assertEquals(
                List.copyOf(expected.keySet()),
                store.list("", "", WORKERS * STEPS).stream()
                        .map(ObjectInfo::name)
                        .toList());
        for (Map.Entry<String, byte[]> object : expected.entrySet()) {
            assertEquals(
                    ByteBuffer.wrap(object.getValue()),
                    store.get(object.getKey(), SIZE_MAX).bytes());
        }
    }

    @Test
    void workContinuesByItselfAfterAnOutage() throws Exception {
        command("/set?down=1");
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Map<String, byte[]>> work = thread.submit(() -> work(0));
            assertThrows(TimeoutException.class, () -> work.get(3, TimeUnit.SECONDS));
            command("/set?down=0");
            assertEquals(work.get().size(), store.list("", "", 99).size());
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void revokedCredentialsAreReportedAtOnceAndWorkAgainLater() throws Exception {
        put("before", new byte[] {1});
        command("/set?deny=100");
        ObjectStoreException e = assertThrows(ObjectStoreException.class, () -> store.get("before", 9));
        assertEquals(Kind.REFUSED, e.kind(), e::getMessage);
        command("/clear");
        assertEquals(1, store.get("before", 9).bytes().remaining());
    }

    /** Puts, reads, lists and deletes; returns what is left. */
    private Map<String, byte[]> work(int worker) throws Exception {
        Random random = new Random(worker);
        Map<String, byte[]> mine = new TreeMap<>();
        for (int step = 0; step < STEPS; step++) {
            String name = worker + "/" + step;
            byte[] bytes = new byte[1 + random.nextInt(SIZE_MAX - 1)];
            random.nextBytes(bytes);
            put(name, bytes);
            mine.put(name, bytes);
            int offset = random.nextInt(bytes.length);
            int length = 1 + random.nextInt(bytes.length - offset);
            assertEquals(
                    ByteBuffer.wrap(bytes, offset, length),
                    store.getRange(name, offset, length).bytes());
            if (step % 3 == 0) {
                assertEquals(Map.of(), store.delete(List.of(name)));
                mine.remove(name);
            }
            if (step % 5 == 0) {
                assertEquals(
                        List.copyOf(mine.keySet()),
                        store.list(worker + "/", "", STEPS).stream()
                                .map(ObjectInfo::name)
                                .toList());
            }
        }
        return mine;
    }

    private void put(String name, byte[] bytes) throws ObjectStoreException {
        if (store.put(name, List.of(ByteBuffer.wrap(bytes)), new IfAbsent()) == PutOutcome.REFUSED) {
            // An earlier attempt without an answer: the bytes must be these, as no other test uses the name.
            assertEquals(ByteBuffer.wrap(bytes), store.get(name, SIZE_MAX).bytes());
        }
    }

    private interface Worker<T> {
        T work(int number) throws Exception;
    }

    private static <T> List<T> inParallel(Worker<T> worker) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(WORKERS);
        try {
            List<Callable<T>> calls = new ArrayList<>();
            for (int i = 0; i < WORKERS; i++) {
                int number = i;
                calls.add(() -> worker.work(number));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(calls)) {
                results.add(result.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private void command(String command) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(proxy() + command)).build();
        HttpResponse<String> response = admin.send(request, HttpResponse.BodyHandlers.ofString());
        assertTrue(response.statusCode() == 200, () -> command + ": " + response.body());
    }
}
