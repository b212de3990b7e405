// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.world.World;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** A store in a world: a request takes time before and after it has an effect, and other threads run meanwhile. */
final class TurnStore extends ForwardingObjectStore {
    private static final int MICROS_MAX = 60_000;
    private static final int SLOW_ONE_IN = 50;
    private static final int SLOW_FACTOR = 200;

    private final World world;

    TurnStore(World world, ObjectStore store) {
        super(store);
        this.world = world;
    }

    private interface Request<T> {
        T send() throws ObjectStoreException;
    }

    private <T> T taking(String request, Request<T> body) throws ObjectStoreException {
        travel();
        try {
            T answer = body.send();
            world.note(request);
            return answer;
        } catch (ObjectStoreException e) {
            world.note(request + " " + e.kind());
            throw e;
        } finally {
            travel();
        }
    }

    private void travel() throws ObjectStoreException {
        Machine machine = Machine.current();
        int micros = machine.random().nextInt(MICROS_MAX);
        boolean slow = machine.random().nextInt(SLOW_ONE_IN) == 0 && world.happens("slow-request");
        try {
            machine.sleep(micros * (slow ? 1000L * SLOW_FACTOR : 1000L));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ObjectStoreException(ObjectStoreException.Kind.UNAVAILABLE, "interrupted", e);
        }
    }

    /** Tables have names made of digests of their content, which differs between two runs of one seed. */
    private static String traced(String name) {
        return name.startsWith("sst/") ? "sst/" : name;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        return taking("PUT " + traced(name), () -> super.put(name, bytes, condition));
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return taking("GET " + traced(name), () -> super.get(name, bytesMax));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        return taking("GET " + traced(name) + " " + offset + " " + length, () -> super.getRange(name, offset, length));
    }

    @Override
    public List<ObjectInfo> list(String prefix, String startAfter, int max) throws ObjectStoreException {
        return taking("LIST " + prefix, () -> super.list(prefix, startAfter, max));
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        return taking("DELETE " + names.size(), () -> super.delete(names));
    }
}
