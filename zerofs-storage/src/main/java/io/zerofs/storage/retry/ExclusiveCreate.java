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
 * Creates an object under a name that must be free, and tells who stands there if it is not. A put whose answer was lost
 * may have been applied: the salt shows whether the object is our own. Thread-safe.
 */
public final class ExclusiveCreate {
    private final ObjectStore store;

    public ExclusiveCreate(ObjectStore store) {
        this.store = store;
    }

    /** How it ended. */
    public sealed interface Outcome permits Created, Taken {}

    /** The object under the name is ours, by this attempt or an earlier one. */
    public record Created() implements Outcome {}

    /** Another object stands there; what its header says is not authenticated. */
    public record Taken(ObjectHeader header) implements Outcome {}

    /**
     * One attempt. After an exception of kind UNKNOWN_OUTCOME or UNAVAILABLE the caller tries again with the same bytes,
     * for as long as it wants to be the author; nothing else may ever be put under this name by it.
     *
     * @param salt that of the object in {@code bytes}
     */
    public Outcome attempt(String name, List<ByteBuffer> bytes, Salt salt)
            throws ObjectStoreException, CorruptObjectException {
        return switch (store.put(name, bytes, new ObjectStore.IfAbsent())) {
            case STORED -> new Created();
            case REFUSED -> lookWhoseItIs(name, salt);
        };
    }

    /** To find another author ends this one: two answers have to agree on that. */
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
                // It was refused and then found gone: somebody deletes here, so the next attempt decides.
                case NOT_FOUND ->
                    new ObjectStoreException(
                            ObjectStoreException.Kind.UNKNOWN_OUTCOME, "object " + name + " came and went", e);
                case TRUNCATED -> throw ObjectHeader.foreign(name, "it ends within its header");
                case TOO_LARGE, UNKNOWN_OUTCOME, UNAVAILABLE, REFUSED, NO_SPACE -> e;
            };
        }
    }
}
