// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.world.World;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.Traffic;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The adapter of a store in a world: a request takes time before and after it has an effect, and other threads run meanwhile.
 * Over a link it waits for its turn, and an answer that is too late ends as adapters report it.
 */
final class TurnStore extends ForwardingObjectStore {
    private static final int MICROS_MAX = 60_000;
    private static final int SLOW_ONE_IN = 50;
    private static final int SLOW_FACTOR = 200;
    private static final int LATE_ONE_IN = 100;
    static final long LATE_NANOS_MAX = TimeUnit.MINUTES.toNanos(10);
    private static final long NO_BODY = -1;

    private final World world;
    private final Traffic traffic;
    private final GraceWatch grace;
    private boolean late;
    private int missing;

    /** @param traffic closed together with this */
    TurnStore(World world, ObjectStore store, Traffic traffic, GraceWatch grace) {
        super(store);
        this.world = world;
        this.traffic = traffic;
        this.grace = grace;
    }

    /** While it is on, some requests or answers arrive minutes late, if they arrive. */
    void setLate(boolean on) {
        late = on;
    }

    /** Returns the number of answers that an object is missing. */
    int missing() {
        return missing;
    }

    private interface Request<T> {
        T send() throws ObjectStoreException;
    }

    /** @param bodyBytes of a PUT, or {@link #NO_BODY} */
    private <T> T taking(String request, long bodyBytes, Request<T> body) throws ObjectStoreException {
        Attempt attempt = new Attempt(bodyBytes);
        try {
            attempt.begin();
            T answer;
            try {
                answer = body.send();
                world.note(request);
            } catch (ObjectStoreException e) {
                world.note(request + " " + e.kind());
                missing += e.kind() == Kind.NOT_FOUND ? 1 : 0;
                attempt.travel();
                throw e;
            }
            attempt.travel();
            attempt.succeeded(
                    answer instanceof StoredObject object ? object.bytes().remaining() : 0);
            return answer;
        } finally {
            attempt.end();
        }
    }

    private final class Attempt {
        private final long bodyBytes;
        private final CompletableFuture<Void> aborted = new CompletableFuture<>();
        private final Traffic.Transfer transfer;

        Attempt(long bodyBytes) {
            this.bodyBytes = bodyBytes;
            this.transfer =
                    traffic.isLink() ? traffic.attempt(Math.max(0, bodyBytes), () -> aborted.complete(null)) : null;
        }

        void begin() throws ObjectStoreException {
            if (transfer != null) {
                try {
                    transfer.begin();
                } catch (InterruptedIOException e) {
                    throw new ObjectStoreException(Kind.UNAVAILABLE, "interrupted", e);
                }
                transfer.sent(Math.max(0, bodyBytes) / 2);
            }
            travel();
            if (transfer != null) {
                transfer.sent(Math.max(0, bodyBytes) - Math.max(0, bodyBytes) / 2);
            }
        }

        void travel() throws ObjectStoreException {
            Machine machine = Machine.current();
            long nanos = machine.random().nextInt(MICROS_MAX) * 1000L;
            if (machine.random().nextInt(SLOW_ONE_IN) == 0 && world.happens("slow-request")) {
                nanos *= SLOW_FACTOR;
            }
            if (late && transfer != null && machine.random().nextInt(LATE_ONE_IN) == 0) {
                long lateNanos = machine.random().nextLong(LATE_NANOS_MAX);
                nanos = world.happens("late-request") ? lateNanos : nanos;
            }
            try {
                machine.await(aborted, nanos);
            } catch (TimeoutException e) {
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw unanswered("interrupted", e);
            } catch (ExecutionException e) {
                throw new AssertionError(e);
            }
            throw unanswered(transfer.silence(), null);
        }

        private ObjectStoreException unanswered(String why, Exception cause) {
            return new ObjectStoreException(bodyBytes == NO_BODY ? Kind.UNAVAILABLE : Kind.UNKNOWN_OUTCOME, why, cause);
        }

        void succeeded(int bytes) {
            if (transfer != null) {
                transfer.answered(true);
                transfer.received(bytes);
            }
        }

        void end() {
            if (transfer != null) {
                transfer.end();
            }
        }
    }

    /** Tables have names made of digests of their content, which differs between two runs of one seed. */
    private static String traced(String name) {
        return name.startsWith("sst/") ? "sst/" : name;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        long size = bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        return taking("PUT " + traced(name), size, () -> {
            grace.put(name);
            return super.put(name, bytes, condition);
        });
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return taking("GET " + traced(name), NO_BODY, () -> super.get(name, bytesMax));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        String request = "GET " + traced(name) + " " + offset + " " + length;
        return taking(request, NO_BODY, () -> super.getRange(name, offset, length));
    }

    @Override
    public List<ObjectInfo> list(String prefix, String startAfter, int max) throws ObjectStoreException {
        return taking("LIST " + prefix, NO_BODY, () -> super.list(prefix, startAfter, max));
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        return taking("DELETE " + names.size(), NO_BODY, () -> {
            grace.delete(names);
            return super.delete(names);
        });
    }

    @Override
    public Traffic traffic() {
        return traffic;
    }

    @Override
    public void close() {
        traffic.close();
        super.close();
    }
}
