// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * A store of named blobs: conditional puts, ranged gets, ordered lists, deletes. Nothing is assumed that S3 and Azure
 * Blob do not give.
 *
 * <p>Names are relative to the storage URL: segments of {@code [A-Za-z0-9._-]} joined by {@code /}, see
 * {@link ObjectName}. No name may also be the folder of another one ({@code a} and {@code a/b}), as a local directory or a
 * hierarchical Azure account cannot hold both. An object appears
 * whole or not at all, a get and a list that begin after a put returned see it, and a conditional put is atomic
 * against all writers. Calls block; they are made from threads that may wait. Thread-safe.
 */
public interface ObjectStore extends AutoCloseable {
    /** What a put demands of the name. */
    sealed interface PutCondition permits IfAbsent, IfVersion {}

    /** The name must not exist. */
    record IfAbsent() implements PutCondition {}

    /** The object must be unchanged since its {@link StoredObject#version()} was read. */
    record IfVersion(String version) implements PutCondition {}

    /** How a conditional put ended. An unknown outcome is an {@link ObjectStoreException} of kind UNKNOWN_OUTCOME. */
    enum PutOutcome {
        /** The object holds these bytes. */
        STORED,
        /**
         * The condition did not hold: the name exists, or the object changed or is gone. Nothing was written by this
         * attempt. An earlier one whose answer was lost, a retry below this port included, may be the very reason:
         * the caller reads the object and recognises its own by the salt.
         */
        REFUSED
    }

    /**
     * Bytes of an object.
     *
     * @param bytes the whole object or the range asked for; the caller owns the buffer
     * @param version an opaque token for {@link IfVersion}
     */
    record StoredObject(ByteBuffer bytes, String version) {}

    /**
     * An entry of a list.
     *
     * @param name relative to the storage URL
     * @param size bytes
     */
    record ObjectInfo(String name, long size) {}

    /**
     * Stores an object in one request. Buffers are read from position to limit, which are left alone, so that a retry
     * sends the same bytes.
     */
    PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException;

    /** The whole object; NOT_FOUND if there is none, TOO_LARGE beyond {@code bytesMax} before it is read. */
    StoredObject get(String name, int bytesMax) throws ObjectStoreException;

    /**
     * Exactly {@code length} bytes from {@code offset}; NOT_FOUND if there is no such object, TRUNCATED if it ends
     * before.
     */
    StoredObject getRange(String name, long offset, int length) throws ObjectStoreException;

    /**
     * Names with this prefix that sort behind {@code after} (or all, with an empty one), in unsigned byte order, at
     * most {@code max}. Fewer than {@code max} means that there are no more.
     */
    List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException;

    /**
     * Deletes objects; a name that does not exist counts as deleted.
     *
     * @return those whose deletion failed, with the reason; empty if all are gone
     */
    Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException;

    /** What moves between here and the store. */
    default Traffic traffic() {
        return Traffic.NONE;
    }

    /** Where this store is, for messages; without secrets. */
    String describe();

    @Override
    void close();
}
