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
 * Repeats requests that end UNAVAILABLE and PUTs with an UNKNOWN_OUTCOME, because the next attempt may succeed. All other
 * failures are final. The bound of each wait doubles, and each wait is random between zero and its bound, so that many
 * clients do not come back at the same moment.
 *
 * <p>A repeated PUT has the same bytes and the same condition. If an attempt succeeded and its answer was lost, the next
 * attempt ends REFUSED, as {@link PutOutcome#REFUSED} says. If the last attempt fails with any error and the outcome of an
 * earlier attempt is unknown, the failure is an UNKNOWN_OUTCOME. The log has one line at the beginning of an outage and
 * one at its end, however many requests meet it. Thread-safe.
 */
public final class RetryingObjectStore extends ForwardingObjectStore {
    private static final Logger log = LoggerFactory.getLogger(RetryingObjectStore.class);

    /** Failures of one request in a row after which the log reports an outage. */
    private static final int OUTAGE_FAILURES = 5;

    /** Attempts that begin even after the deadline: on a slow link one attempt may take longer than that. */
    private static final int ATTEMPTS_MIN = 4;

    private final RetrySettings settings;
    private final MonotonicClock clock;
    private final RandomGenerator random;
    private final AtomicBoolean outage = new AtomicBoolean();

    /**
     * @param store closed together with this
     * @param random many threads use it at once
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

    /** Repeats only for names that the store may still delete. */
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

    /** The attempts of one request. Confined to the thread of the request. */
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
                log.debug("{}: {} succeeded after {} failures", store.describe(), what, failures);
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

        /** Waits before the next attempt. Returns whether there is time for it. */
        private boolean pause(int failures, ObjectStoreException e) {
            Duration bound = settings.firstDelay().multipliedBy(1L << Math.min(failures, 16));
            long boundNanos = Math.min(bound.toNanos(), settings.delayMax().toNanos());
            // If the store asks to slow down, the wait is at least half of its bound.
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
