// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.Fault.CorruptBody;
import io.zerofs.storage.object.Fault.CutBody;
import io.zerofs.storage.object.Fault.Doubled;
import io.zerofs.storage.object.Fault.Effect;
import io.zerofs.storage.object.Fault.ErrorAnswer;
import io.zerofs.storage.object.Fault.Latency;
import io.zerofs.storage.object.Fault.MissingObject;
import io.zerofs.storage.object.Fault.OtherVersion;
import io.zerofs.storage.object.Fault.Unavailable;
import io.zerofs.storage.object.Fault.UnknownOutcome;
import io.zerofs.storage.object.Fault.WrongRefusal;
import io.zerofs.storage.object.Fault.WrongSizes;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * One process's view of a store on a bad day. Seed, operation, name and the number of earlier requests of that pair
 * decide on a fault. So threads that race do not change each other's faults. All tables count as one name.
 *
 * <p>A process dies once: after the request of {@link #crashAtRequest}, no request of its threads reaches the store.
 * The next process uses {@link #restarted()}, which has the same inner store and inherits the puts that are still on
 * their way. Thread-safe.
 */
public final class FaultyObjectStore extends ForwardingObjectStore {
    /** Most requests that overtake a delayed put. */
    private static final int DELAY_REQUESTS_MAX = 20;

    /** A request as it came in, numbered from 1. {@code name} is the prefix of a list and the first name of a delete. */
    public record Request(long number, StoreOperation operation, String name, long bytes) {}

    private record DelayedPut(String name, List<ByteBuffer> bytes, PutCondition condition, long dueAtRequest) {}

    private final long seed;
    private final List<DelayedPut> delayed;
    private final List<Request> requests = new ArrayList<>();
    private final Map<String, Integer> asked = new HashMap<>();
    private final Map<String, Long> rightUntil = new HashMap<>();
    private List<Fault> faults = List.of();
    private Predicate<Fault> permission = fault -> true;
    private long rightNanos;
    private long number;
    private long crashAt = Long.MAX_VALUE;
    private boolean applyCrashing;
    private boolean crashed;
    private boolean outage;

    public FaultyObjectStore(ObjectStore store, long seed) {
        this(store, seed, new ArrayList<>());
    }

    private FaultyObjectStore(ObjectStore store, long seed, List<DelayedPut> delayed) {
        super(store);
        this.seed = seed;
        this.delayed = delayed;
    }

    /** Replaces the faults that befall requests from now on; the first that strikes counts, latencies add up. */
    public synchronized void setFaults(Fault... faults) {
        this.faults = List.of(faults);
    }

    /** Asks before a fault strikes. */
    public synchronized void setPermission(Predicate<Fault> permission) {
        this.permission = permission;
    }

    /** After a wrong answer about a name, no further one about it comes for this time. */
    public synchronized void setWrongAnswersApart(Duration time) {
        rightNanos = time.toNanos();
    }

    /** While it is on, every request is UNAVAILABLE and does nothing. */
    public synchronized void setOutage(boolean on) {
        outage = on;
    }

    /**
     * The process dies with this request: the store still applies it or not, and every later one is UNAVAILABLE.
     *
     * @param requestNumber as in {@link Request}, counted from the creation of this object
     */
    public synchronized void crashAtRequest(long requestNumber, boolean applied) {
        crashAt = requestNumber;
        applyCrashing = applied;
    }

    /** The process dies now. */
    public synchronized void crash() {
        crashed = true;
    }

    public synchronized boolean isCrashed() {
        return crashed;
    }

    /** The store as the next process sees it: without faults, with the puts of the dead one that are still on their way. */
    public synchronized FaultyObjectStore restarted() {
        crashed = true;
        return new FaultyObjectStore(store, seed + 1, new ArrayList<>(delayed));
    }

    /** The delayed puts arrive now, in the order in which they were sent; their conditions hold for them as ever. */
    public synchronized void landDelayed() {
        land(Long.MAX_VALUE);
    }

    public synchronized int delayedPuts() {
        return delayed.size();
    }

    /** All requests since {@link #forgetRequests}, failed ones too. */
    public synchronized List<Request> requests() {
        return List.copyOf(requests);
    }

    public synchronized Map<StoreOperation, Long> counts() {
        Map<StoreOperation, Long> counts = new EnumMap<>(StoreOperation.class);
        requests.forEach(request -> counts.merge(request.operation(), 1L, Long::sum));
        return counts;
    }

    public synchronized long bytes(StoreOperation operation) {
        return requests.stream()
                .filter(request -> request.operation() == operation)
                .mapToLong(Request::bytes)
                .sum();
    }

    /** The number of the last request. */
    public synchronized long requestNumber() {
        return number;
    }

    public synchronized void forgetRequests() {
        requests.clear();
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        long size = bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        Draw draw = admit(StoreOperation.PUT, List.of(name), name, size);
        Effect effect = draw.effect();
        if (effect instanceof UnknownOutcome unknown) {
            switch (unknown.fate()) {
                case APPLIED -> store.put(name, bytes, condition);
                case APPLIED_LATER -> delay(name, bytes, condition, draw.random());
                case NOT_APPLIED -> {}
            }
            throw failure(Kind.UNKNOWN_OUTCOME, "no answer to the put of " + name);
        }
        PutOutcome outcome = store.put(name, bytes, condition);
        failAfter(draw);
        if (effect instanceof Doubled) {
            delay(name, bytes, condition, draw.random());
        }
        return effect instanceof WrongRefusal ? PutOutcome.REFUSED : outcome;
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        Draw draw = admit(StoreOperation.GET, List.of(name), name, 0);
        failIfMissing(draw, name);
        StoredObject object = damaged(store.get(name, bytesMax), draw);
        failAfter(draw);
        if (draw.effect() instanceof CutBody) {
            object.bytes().limit(object.bytes().limit() / 2);
        }
        return object;
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        Draw draw = admit(StoreOperation.GET_RANGE, List.of(name), name, length);
        failIfMissing(draw, name);
        if (draw.effect() instanceof CutBody) {
            throw failure(Kind.TRUNCATED, "the answer with " + name + " was cut short");
        }
        StoredObject object = damaged(store.getRange(name, offset, length), draw);
        failAfter(draw);
        return object;
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        Draw draw = admit(StoreOperation.LIST, List.of(prefix), prefix, 0);
        List<ObjectInfo> page = store.list(prefix, after, max);
        failAfter(draw);
        if (draw.effect() instanceof MissingObject) {
            return page.stream()
                    .filter(object -> !object.name().startsWith(draw.fault().prefix()))
                    .toList();
        }
        if (draw.effect() instanceof WrongSizes) {
            return page.stream()
                    .map(object -> new ObjectInfo(object.name(), draw.random().nextLong(2 * object.size() + 2)))
                    .toList();
        }
        return page;
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        String first = names.stream().findFirst().orElse("");
        Draw draw = admit(StoreOperation.DELETE, names, first, 0);
        Map<String, ObjectStoreException> failed = store.delete(names);
        failAfter(draw);
        return failed;
    }

    @Override
    public String describe() {
        return "faulty " + store.describe();
    }

    /** Leaves the inner store open: it belongs to the test, which may open it again. */
    @Override
    public void close() {
        crash();
    }

    /** The fate of a request: its fault, if any, and randomness for the details. */
    private record Draw(Fault fault, SplittableRandom random, boolean crashing) {
        Effect effect() {
            return fault == null ? null : fault.effect();
        }
    }

    private Draw admit(StoreOperation operation, Collection<String> names, String name, long bytes)
            throws ObjectStoreException {
        SplittableRandom random;
        List<Fault> current;
        boolean crashing;
        synchronized (this) {
            if (crashed) {
                throw failure(Kind.UNAVAILABLE, "the process has crashed");
            }
            number++;
            land(number);
            requests.add(new Request(number, operation, name, bytes));
            crashing = number >= crashAt;
            if (crashing) {
                crashed = true;
                if (!applyCrashing) {
                    throw failure(Kind.UNAVAILABLE, "crashed before " + operation + " " + name);
                }
            }
            if (outage) {
                throw failure(Kind.UNAVAILABLE, "outage");
            }
            String request = operation.name() + repeatable(name);
            int times = asked.merge(request, 1, Integer::sum);
            random = new SplittableRandom(seed * 31 * 31 * 31 + request.hashCode() * 31L + times);
            current = crashing ? List.of() : faults;
        }
        Fault struck = null;
        for (Fault fault : current) {
            boolean matches = fault.operations().contains(operation)
                    && names.stream().anyMatch(each -> each.startsWith(fault.prefix()))
                    && random.nextDouble() < fault.chance();
            if (matches && fault.effect() instanceof Latency latency) {
                pause(latency, random);
            } else if (matches
                    && struck == null
                    && mayStrike(fault.effect(), repeatable(name))
                    && permission.test(fault)) {
                struck = fault;
            }
        }
        boolean unavailable = struck != null
                && (struck.effect() instanceof Unavailable
                        || struck.effect() instanceof UnknownOutcome && operation != StoreOperation.PUT);
        if (unavailable) {
            throw failure(Kind.UNAVAILABLE, "503 for " + operation + " " + name);
        }
        if (struck != null && struck.effect() instanceof ErrorAnswer error && !error.applied()) {
            throw failure(error.kind(), "an error for " + operation + " " + name);
        }
        return new Draw(struck, random, crashing);
    }

    private synchronized boolean mayStrike(Effect effect, String name) {
        if (rightNanos == 0 || !effect.isWrongAnswer()) {
            return true;
        }
        long now = Machine.current().nanoTime();
        boolean may = now >= rightUntil.getOrDefault(name, now);
        if (may) {
            rightUntil.put(name, now + rightNanos);
        }
        return may;
    }

    /**
     * Returns the part of a name that a seed repeats. The name of a table contains its digest, and RocksDB writes times and
     * random identities into each table.
     */
    private static String repeatable(String name) {
        return name.startsWith(TableReference.PREFIX) ? TableReference.PREFIX : name;
    }

    private static void pause(Latency latency, SplittableRandom random) throws ObjectStoreException {
        long nanos = random.nextLong(latency.min().toNanos(), latency.max().toNanos() + 1);
        try {
            Machine.current().sleep(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure(Kind.UNAVAILABLE, "interrupted");
        }
    }

    private synchronized void delay(
            String name, List<ByteBuffer> bytes, PutCondition condition, SplittableRandom random) {
        List<ByteBuffer> copies = new ArrayList<>();
        for (ByteBuffer buffer : bytes) {
            copies.add(ByteBuffer.allocate(buffer.remaining())
                    .put(buffer.duplicate())
                    .flip());
        }
        delayed.add(new DelayedPut(name, copies, condition, number + 1 + random.nextInt(DELAY_REQUESTS_MAX)));
    }

    private void land(long upTo) {
        for (Iterator<DelayedPut> all = delayed.iterator(); all.hasNext(); ) {
            DelayedPut put = all.next();
            if (put.dueAtRequest() <= upTo) {
                all.remove();
                try {
                    store.put(put.name(), put.bytes(), put.condition());
                } catch (ObjectStoreException e) {
                    throw new AssertionError("the inner store must not fail", e);
                }
            }
        }
    }

    private static void failIfMissing(Draw draw, String name) throws ObjectStoreException {
        if (draw.effect() instanceof MissingObject) {
            throw failure(Kind.NOT_FOUND, name + " is missing");
        }
    }

    private static void failAfter(Draw draw) throws ObjectStoreException {
        if (draw.crashing()) {
            throw failure(Kind.UNAVAILABLE, "crashed before the answer arrived");
        }
        if (draw.effect() instanceof ErrorAnswer error) {
            throw failure(error.kind(), "the answer is an error, after the request was applied");
        }
    }

    private static StoredObject damaged(StoredObject object, Draw draw) {
        ByteBuffer bytes = object.bytes();
        if (draw.effect() instanceof CorruptBody && bytes.hasRemaining()) {
            int at = bytes.position() + draw.random().nextInt(bytes.remaining());
            bytes.put(at, (byte) (bytes.get(at) ^ 1 << draw.random().nextInt(8)));
        }
        if (draw.effect() instanceof OtherVersion) {
            return new StoredObject(bytes, draw.random().nextBoolean() ? "" : "\"another\"");
        }
        return object;
    }

    private static ObjectStoreException failure(Kind kind, String message) {
        return new ObjectStoreException(kind, "injected: " + message, null);
    }
}
