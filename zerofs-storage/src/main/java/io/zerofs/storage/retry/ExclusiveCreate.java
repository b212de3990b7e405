// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.retry;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Creates an object under a name that must be free, and reports the existing object if it is not. If the answer to a PUT is
 * lost, the store may have applied it. Then the salt shows whether the object is our own. Thread-safe.
 */
public final class ExclusiveCreate {
    private final ObjectStore store;

    public ExclusiveCreate(ObjectStore store) {
        this.store = store;
    }

    /** The outcome of an attempt. */
    public sealed interface Outcome permits Created, Taken {}

    /** The object under the name is ours, from this attempt or an earlier one. */
    public record Created() implements Outcome {}

    /** Another writer's object has the name. Its header is not authenticated. */
    public record Taken(ObjectHeader header) implements Outcome {}

    /**
     * Makes one attempt. After an exception of kind UNKNOWN_OUTCOME or UNAVAILABLE the caller tries again with the same
     * bytes, as long as it wants the name. It must never put other bytes under this name.
     *
     * @param salt the salt of the object in {@code bytes}
     */
    public Outcome attempt(String name, List<ByteBuffer> bytes, Salt salt)
            throws ObjectStoreException, CorruptObjectException {
        return switch (store.put(name, bytes, new ObjectStore.IfAbsent())) {
            case STORED -> new Created();
            case REFUSED -> lookWhoseItIs(name, salt);
        };
    }

    /** Reads the salt of the existing object. Another writer's object ends this writer, so two answers must agree. */
    private Outcome lookWhoseItIs(String name, Salt salt) throws ObjectStoreException, CorruptObjectException {
        ObjectHeader first = ReadRetry.at(() -> readHeader(name));
        if (first.salt().equals(salt)) {
            return new Created();
        }
        ObjectHeader second = ReadRetry.at(() -> readHeader(name));
        if (second.salt().equals(salt)) {
            return new Created();
        } else if (second.equals(first)) {
            return new Taken(second);
        }
        throw new ObjectStoreException(
                ObjectStoreException.Kind.UNKNOWN_OUTCOME, "two reads of object " + name + " do not agree", null);
    }

    private ObjectHeader readHeader(String name) throws ObjectStoreException, CorruptObjectException {
        try {
            return ObjectHeader.read(store.getRange(name, 0, ObjectHeader.BYTES).bytes(), name);
        } catch (ObjectStoreException e) {
            throw switch (e.kind()) {
                // The store refused the PUT, and then the object was gone: a program deletes here. The next attempt
                // decides.
                case NOT_FOUND ->
                    new ObjectStoreException(
                            ObjectStoreException.Kind.UNKNOWN_OUTCOME, "object " + name + " came and went", e);
                case TRUNCATED -> throw ObjectHeader.foreign(name, "it ends within its header");
                case TOO_LARGE, UNKNOWN_OUTCOME, UNAVAILABLE, REFUSED, NO_SPACE -> e;
            };
        }
    }
}
