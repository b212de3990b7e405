// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * A store of named blobs: conditional PUTs, ranged GETs, ordered lists, deletes. It assumes no feature that S3 or Azure
 * Blob lacks.
 *
 * <p>Names are relative to the storage URL: segments of {@code [A-Za-z0-9._-]} joined by {@code /}, see
 * {@link ObjectName}. No name may also be the folder of another one ({@code a} and {@code a/b}), because a local directory
 * or a hierarchical Azure account cannot hold both. An object appears whole or not at all. A GET or list that begins after
 * a PUT returned sees its object. A conditional PUT is atomic against all writers. Calls block; only threads that may wait
 * make them. Thread-safe.
 */
public interface ObjectStore extends AutoCloseable {
    /** The condition of a PUT. */
    sealed interface PutCondition permits IfAbsent, IfVersion {}

    /** The name must not exist. */
    record IfAbsent() implements PutCondition {}

    /** The object must be unchanged since its {@link StoredObject#version()} was read. */
    record IfVersion(String version) implements PutCondition {}

    /** The outcome of a conditional PUT. An unknown outcome is an {@link ObjectStoreException} of kind UNKNOWN_OUTCOME. */
    enum PutOutcome {
        /** The object holds these bytes. */
        STORED,
        /**
         * The condition did not hold: the name exists, or the object changed or is gone. This attempt wrote nothing.
         * An earlier attempt whose answer was lost, a retry below this port included, may be the reason. The caller
         * reads the object and recognises its own by the salt.
         */
        REFUSED
    }

    /**
     * Bytes of an object.
     *
     * @param bytes the whole object or the requested range; the caller owns the buffer
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
     * Stores an object in one request. Reads the buffers from position to limit and leaves both unchanged, so that a retry
     * sends the same bytes.
     */
    PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException;

    /** Returns the whole object. NOT_FOUND if it is missing; TOO_LARGE beyond {@code bytesMax}, before reading it. */
    StoredObject get(String name, int bytesMax) throws ObjectStoreException;

    /**
     * Returns exactly {@code length} bytes from {@code offset}. NOT_FOUND if the object is missing, TRUNCATED if it ends
     * earlier.
     */
    StoredObject getRange(String name, long offset, int length) throws ObjectStoreException;

    /**
     * Returns at most {@code max} names with this prefix that sort after {@code after}, in unsigned byte order. An empty
     * {@code after} means all names. Fewer than {@code max} names are the end of the list.
     */
    List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException;

    /**
     * Deletes objects; a name that does not exist counts as deleted.
     *
     * @return the names whose deletion failed, with the reason; empty if all are gone
     */
    Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException;

    /** Returns the traffic between this process and the store. */
    default Traffic traffic() {
        return Traffic.NONE;
    }

    /** Returns the place of the store for messages, without secrets. */
    String describe();

    @Override
    void close();
}
