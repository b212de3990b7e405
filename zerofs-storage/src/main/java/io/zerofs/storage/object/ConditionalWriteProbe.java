// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStore.StoredObject;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Tests whether a store honours the conditions of PUTs. Some stores accept the headers and overwrite anyway. On such a
 * store two writers destroy each other's data. Costs six requests, five of them one after the other.
 */
public final class ConditionalWriteProbe {
    /** Prefix of probe objects. Anybody may delete an object that a crash left there. */
    public static final String PREFIX = "probe/";

    private static final String DANGER = "; two daemons on it would destroy each other's data"
            + " (accept_unconditional_writes in [storage] accepts it anyway)";

    /** Message for the operator of a store that refuses every PUT with a condition. */
    public static final String UNKNOWN_TO_STORE = "the store does not implement conditional writes" + DANGER;

    private static final int ID_BYTES = 16;

    /** The result of the probe. */
    public enum Verdict {
        HONOURED,
        /** The store overwrites an object although the PUT must create it. */
        CREATE_NOT_EXCLUSIVE,
        /** The store replaces any version although the PUT names one. */
        REPLACE_NOT_CONDITIONAL;

        /** Returns one sentence for the operator. */
        public String explain(ObjectStore store) {
            return switch (this) {
                case HONOURED -> store.describe() + " honours conditional writes";
                case CREATE_NOT_EXCLUSIVE ->
                    store.describe()
                            + " overwrites an existing object although the request demands that none exists"
                            + " (If-None-Match)" + DANGER;
                case REPLACE_NOT_CONDITIONAL ->
                    store.describe()
                            + " replaces an object although the request demands another version of it"
                            + " (If-Match)" + DANGER;
            };
        }
    }

    private ConditionalWriteProbe() {}

    /** Creates, tries to create again, replaces and deletes an object of a random name. */
    public static Verdict probe(ObjectStore store, RandomGenerator random) throws ObjectStoreException {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        String name = PREFIX + HexFormat.of().formatHex(id);
        try {
            return probe(store, name, id);
        } finally {
            store.delete(List.of(name));
        }
    }

    private static Verdict probe(ObjectStore store, String name, byte[] id) throws ObjectStoreException {
        // If the store refuses the first PUT, an earlier attempt of ours succeeded: nobody else draws this name.
        store.put(name, List.of(ByteBuffer.wrap(id)), new IfAbsent());
        StoredObject first = store.get(name, ID_BYTES + 1);
        byte[] other = new byte[ID_BYTES + 1];
        if (store.put(name, List.of(ByteBuffer.wrap(other)), new IfAbsent()) == PutOutcome.STORED) {
            return Verdict.CREATE_NOT_EXCLUSIVE;
        }
        byte[] second = new byte[ID_BYTES];
        store.put(name, List.of(ByteBuffer.wrap(second)), new IfVersion(first.version()));
        boolean replacedStale =
                store.put(name, List.of(ByteBuffer.wrap(other)), new IfVersion(first.version())) == PutOutcome.STORED;
        return replacedStale ? Verdict.REPLACE_NOT_CONDITIONAL : Verdict.HONOURED;
    }
}
