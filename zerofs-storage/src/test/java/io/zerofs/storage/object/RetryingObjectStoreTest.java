// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.Fault.Fate;
import io.zerofs.storage.object.Fault.UnknownOutcome;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Keeps the contract over a store that fails a third of all requests, and ends as its class comment says. */
class RetryingObjectStoreTest extends ObjectStoreContract {
    private final MemoryObjectStore inner = new MemoryObjectStore();
    private final FaultyObjectStore faulty = new FaultyObjectStore(inner, 99);
    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final RetryingObjectStore retrying = retrying(faulty);

    @Override
    protected ObjectStore openEmpty() {
        faulty.setFaults(
                Fault.onAll(0.3, new Fault.Unavailable()),
                Fault.on(StoreOperation.PUT, "", 0.2, new UnknownOutcome(Fate.NOT_APPLIED)));
        // Every thread's pauses advance the one manual clock, so only a distant deadline is as long as a real one.
        RetrySettings patient = new RetrySettings(
                RetrySettings.DEFAULTS.firstDelay(),
                RetrySettings.DEFAULTS.delayMax(),
                Duration.ofDays(365),
                Duration.ofDays(365));
        return new RetryingObjectStore(faulty, patient, clock, new Random(1));
    }

    @Test
    void aPutWhoseAnswerWasLostIsRepeatedWithTheSameBytesAndRefused() throws Exception {
        faulty.setFaults(Fault.on(StoreOperation.PUT, "", 0.5, new UnknownOutcome(Fate.APPLIED)));
        int refused = 0;
        for (int i = 0; i < 50; i++) {
            refused += put("object-" + i, "mine " + i) == PutOutcome.REFUSED ? 1 : 0;
            assertEquals("mine " + i, get("object-" + i));
        }
        assertTrue(refused > 0 && refused < 50, "refused " + refused);
    }

    @Test
    void aPutThatFailsForGoodIsUnknownIfAnyAttemptIs() {
        Scripted store = new Scripted(Kind.UNKNOWN_OUTCOME, Kind.UNAVAILABLE, Kind.REFUSED);
        assertFails(Kind.UNKNOWN_OUTCOME, () -> retrying(store).put("a", List.of(), IF_ABSENT));
        assertTrue(store.script.isEmpty());
        Scripted known = new Scripted(Kind.UNAVAILABLE, Kind.REFUSED);
        assertFails(Kind.REFUSED, () -> retrying(known).put("a", List.of(), IF_ABSENT));
    }

    @Test
    void finalFailuresAreNotRepeated() {
        for (Kind kind : List.of(Kind.NOT_FOUND, Kind.TRUNCATED, Kind.TOO_LARGE, Kind.REFUSED, Kind.NO_SPACE)) {
            assertFails(
                    kind, () -> retrying(new Scripted(kind, Kind.UNAVAILABLE)).get("a", 9));
        }
        assertEquals(List.of(), clock.sleeps());
    }

    @Test
    void anOutageEndsWithTheDeadlineAndWaitsGrowUpToTheirBound() {
        faulty.setOutage(true);
        long start = clock.nanoTime();
        assertFails(Kind.UNAVAILABLE, () -> retrying.get("a", 1));
        Duration took = Duration.ofNanos(clock.nanoTime() - start);
        assertTrue(took.compareTo(RetrySettings.DEFAULTS.deadline()) <= 0, took::toString);
        assertTrue(took.compareTo(RetrySettings.DEFAULTS.deadline().dividedBy(2)) > 0, took::toString);
        List<Duration> sleeps = clock.sleeps();
        assertTrue(sleeps.get(0).compareTo(RetrySettings.DEFAULTS.firstDelay()) <= 0);
        assertTrue(sleeps.stream().allMatch(sleep -> sleep.compareTo(RetrySettings.DEFAULTS.delayMax()) <= 0));
        assertTrue(sleeps.size() < 60, sleeps::toString);
    }

    @Test
    void throttlingSlowsDownBeyondTheDeadlineAndDoesNotFail() throws Exception {
        Scripted store = new Scripted();
        store.throttledNanosUntil = clock.nanoTime() + Duration.ofMinutes(5).toNanos();
        retrying(store).get("a", 9);
        assertTrue(clock.sleeps().size() < 200, clock.sleeps()::toString);
    }

    @Test
    void anInterruptedWaitEndsTheRequest() {
        faulty.setOutage(true);
        Thread.currentThread().interrupt();
        assertFails(Kind.UNAVAILABLE, () -> get("a"));
        assertTrue(Thread.interrupted());
    }

    @Test
    void onlyRetryableDeletionsAreRepeated() throws Exception {
        PartialDeletes store = new PartialDeletes();
        Map<String, ObjectStoreException> failed = retrying(store).delete(List.of("busy", "fine", "locked"));
        assertEquals(List.of(List.of("busy", "fine", "locked"), List.of("busy")), store.asked);
        assertEquals(List.of("locked"), List.copyOf(failed.keySet()));
    }

    @Test
    void aDeleteThatNeverGetsThroughFails() {
        faulty.setOutage(true);
        assertFails(Kind.UNAVAILABLE, () -> retrying.delete(List.of("a", "b")));
    }

    private RetryingObjectStore retrying(ObjectStore store) {
        return new RetryingObjectStore(store, RetrySettings.DEFAULTS, clock, new Random(1));
    }

    /** Fails as configured, then finds an empty object. */
    private final class Scripted extends ForwardingObjectStore {
        private final Deque<Kind> script = new ArrayDeque<>();
        private long throttledNanosUntil = Long.MIN_VALUE;

        Scripted(Kind... kinds) {
            super(inner);
            script.addAll(List.of(kinds));
        }

        @Override
        public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
            fail();
            return new StoredObject(java.nio.ByteBuffer.allocate(0), "");
        }

        @Override
        public PutOutcome put(String name, List<java.nio.ByteBuffer> bytes, PutCondition condition)
                throws ObjectStoreException {
            fail();
            return PutOutcome.STORED;
        }

        private void fail() throws ObjectStoreException {
            if (clock.nanoTime() < throttledNanosUntil) {
                throw ObjectStoreException.throttled("slow down", null);
            }
            if (!script.isEmpty()) {
                throw new ObjectStoreException(script.remove(), "scripted", null);
            }
        }
    }

    private final class PartialDeletes extends ForwardingObjectStore {
        private final List<Collection<String>> asked = new java.util.ArrayList<>();

        PartialDeletes() {
            super(inner);
        }

        @Override
        public Map<String, ObjectStoreException> delete(Collection<String> names) {
            asked.add(names);
            Map<String, ObjectStoreException> failed = new HashMap<>();
            if (asked.size() == 1) {
                failed.put("busy", new ObjectStoreException(Kind.UNAVAILABLE, "busy", null));
                failed.put("locked", new ObjectStoreException(Kind.REFUSED, "locked", null));
            }
            return failed;
        }
    }
}
