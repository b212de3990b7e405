// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats requests that may do better the next time: those that end UNAVAILABLE or, for a put, with an UNKNOWN_OUTCOME.
 * All other failures are final. The waits double, and each is drawn evenly between nothing and its bound, so that
 * many clients do not come back at the same moment.
 *
 * <p>A put is repeated with the same bytes and the same condition. If an attempt whose answer was lost was applied, its
 * repetition ends REFUSED, as {@link PutOutcome#REFUSED} says. If the put fails in the end, by whatever error, and the fate
 * of any attempt is unknown, the failure is an UNKNOWN_OUTCOME. Beginning and end of an outage are logged once each,
 * however many requests meet it. Thread-safe.
 */
public final class RetryingObjectStore extends ForwardingObjectStore {
    private static final Logger log = LoggerFactory.getLogger(RetryingObjectStore.class);

    /** Failures of one request in a row from which it is no passing disturbance. */
    private static final int OUTAGE_FAILURES = 5;

    /** However long they take: on a slow link one may take longer than the deadline. */
    private static final int ATTEMPTS_MIN = 4;

    private final RetrySettings settings;
    private final MonotonicClock clock;
    private final RandomGenerator random;
    private final AtomicBoolean outage = new AtomicBoolean();

    /**
     * @param store closed together with this
     * @param random used by many threads at once
     */
    public RetryingObjectStore(
            ObjectStore store, RetrySettings settings, MonotonicClock clock, RandomGenerator random) {
        super(store);
        this.settings = settings;
        this.clock = clock;
        this.random = random;
    }

    private interface Attempt<T> {
        T run() throws ObjectStoreException;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        return new Attempts("put " + name).repeat(() -> store.put(name, bytes, condition));
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return new Attempts("get " + name).repeat(() -> store.get(name, bytesMax));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        return new Attempts("get " + name).repeat(() -> store.getRange(name, offset, length));
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        return new Attempts("list " + prefix).repeat(() -> store.list(prefix, after, max));
    }

    /** Repeats for those names only that may still be deleted. */
    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        Map<String, ObjectStoreException> hopeless = new LinkedHashMap<>();
        Map<String, ObjectStoreException> left = new LinkedHashMap<>();
        names.forEach(name -> left.put(name, null));
        try {
            new Attempts("delete " + names.size() + " objects").repeat(() -> {
                Map<String, ObjectStoreException> failed = new HashMap<>(store.delete(List.copyOf(left.keySet())));
                left.keySet().retainAll(failed.keySet());
                for (Map.Entry<String, ObjectStoreException> failure : failed.entrySet()) {
                    if (isFinal(failure.getValue())) {
                        left.remove(failure.getKey());
                        hopeless.put(failure.getKey(), failure.getValue());
                    } else {
                        left.put(failure.getKey(), failure.getValue());
                    }
                }
                if (!left.isEmpty()) {
                    throw left.values().iterator().next();
                }
                return null;
            });
        } catch (ObjectStoreException e) {
            if (left.containsValue(null)) {
                throw e;
            }
        }
        hopeless.putAll(left);
        return hopeless;
    }

    private static boolean isFinal(ObjectStoreException e) {
        return switch (e.kind()) {
            case UNAVAILABLE, UNKNOWN_OUTCOME -> false;
            case NOT_FOUND, TRUNCATED, TOO_LARGE, REFUSED, NO_SPACE -> true;
        };
    }

    /** The attempts at one request. Confined to the thread that makes it. */
    private final class Attempts {
        private final String what;
        private final long startNanos = clock.nanoTime();
        private boolean outcomeUnknown;

        Attempts(String what) {
            this.what = what;
        }

        <T> T repeat(Attempt<T> attempt) throws ObjectStoreException {
            for (int failures = 0; ; failures++) {
                try {
                    T result = attempt.run();
                    succeeded(failures);
                    return result;
                } catch (ObjectStoreException e) {
                    noteOutage(failures, e);
                    outcomeUnknown |= e.kind() == Kind.UNKNOWN_OUTCOME;
                    if (isFinal(e) || !pause(failures, e)) {
                        throw ending(e);
                    }
                }
            }
        }

        private void succeeded(int failures) {
            if (failures > 0) {
                log.debug("{}: {} went through after {} failures", store.describe(), what, failures);
            }
            if (outage.get() && outage.compareAndSet(true, false)) {
                log.info("{}: the store answers again", store.describe());
            }
        }

        private void noteOutage(int failures, ObjectStoreException e) {
            if (failures + 1 >= OUTAGE_FAILURES && outage.compareAndSet(false, true)) {
                log.warn("the store does not answer as it should, requests are repeated: {}", e.getMessage());
            }
        }

        private ObjectStoreException ending(ObjectStoreException e) {
            return outcomeUnknown && e.kind() != Kind.UNKNOWN_OUTCOME
                    ? new ObjectStoreException(
                            Kind.UNKNOWN_OUTCOME,
                            e.getMessage() + "; an earlier attempt got no answer and may have been applied",
                            e)
                    : e;
        }

        /** Returns whether there is time for another attempt, after the wait for it. */
        private boolean pause(int failures, ObjectStoreException e) {
            Duration bound = settings.firstDelay().multipliedBy(1L << Math.min(failures, 16));
            long boundNanos = Math.min(bound.toNanos(), settings.delayMax().toNanos());
            // A store that asks to slow down gets at least half of the wait.
            long delay =
                    e.isThrottled() ? random.nextLong(boundNanos / 2, boundNanos + 1) : random.nextLong(boundNanos + 1);
            Duration deadline = e.isThrottled() ? settings.throttledDeadline() : settings.deadline();
            if (failures + 1 >= ATTEMPTS_MIN && clock.nanoTime() - startNanos + delay > deadline.toNanos()) {
                return false;
            }
            log.debug("{}: {} failed, again in {} ms: {}", store.describe(), what, delay / 1_000_000, e.getMessage());
            try {
                clock.sleep(Duration.ofNanos(delay));
                return true;
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
