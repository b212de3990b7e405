// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.ObjectCipher;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Position;
import io.zerofs.storage.seal.Position.Domain;
import io.zerofs.storage.seal.SealedSection;
import io.zerofs.storage.seal.SealedSection.SectionBytes;
import java.nio.ByteBuffer;

/**
 * Reads commits of {@link CommitSealer} and fences of {@link FenceSealer}. If an object is damaged, cut short or not the
 * one that belongs under the name, the reader throws a {@link CorruptObjectException}. Thread-safe.
 */
public final class CommitReader {
    /** Bytes of the first request for a log. Most logs end within them. */
    private static final int FIRST_READ_BYTES = 128 * 1024;

    /** Maximum number of cached keys, of some hundred bytes each. */
    private static final int CIPHERS_MAX = 4096;

    private static final long STORED_LOG_BYTES_MAX =
            (CommitLimits.LOG_BYTES_MAX / SealedSection.SECTION_PAGE_BYTES + 1L) * SealedSection.STORED_PAGE_BYTES_MAX;

    private final ObjectStore store;
    private final ObjectKeys keys;
    private final Cache<ObjectHeader, ObjectCipher> ciphers = Caffeine.newBuilder()
            .executor(Runnable::run)
            .maximumSize(CIPHERS_MAX)
            .build();

    public CommitReader(ObjectStore store, ObjectKeys keys) {
        this.store = store;
        this.keys = keys;
    }

    /**
     * Reads header and log, without the data.
     *
     * @param objectLength bytes of the object, as the store lists it
     * @throws ObjectStoreException NOT_FOUND if the object is missing; other kinds if the store fails
     */
    public LogObject read(CommitId id, long objectLength) throws ObjectStoreException, CorruptObjectException {
        String name = id.objectName();
        if (objectLength < ObjectHeader.BYTES) {
            throw ObjectHeader.foreign(name, "it ends within its header");
        }
        int firstLength = (int) Math.min(objectLength, FIRST_READ_BYTES);
        ByteBuffer start = fetch(name, 0, firstLength);
        ObjectHeader header = ObjectHeader.read(start, name);
        requireItsPlace(id, header);
        if (header.objectLength() != objectLength || header.headLength() > STORED_LOG_BYTES_MAX) {
            throw new CorruptObjectException(
                    name, "header", "its lengths do not add up to the object's " + objectLength + " bytes");
        }
        int headLength = (int) header.headLength();
        ByteBuffer head = ByteBuffer.allocate(headLength);
        head.put(start.limit(Math.min(start.limit(), start.position() + headLength)));
        if (head.hasRemaining()) {
            head.put(fetch(name, (long) ObjectHeader.BYTES + head.position(), head.remaining()));
        }
        return open(id, header, head.flip());
    }

    /** Reads a commit of unknown length: fetches the header first. */
    public LogObject read(CommitId id) throws ObjectStoreException, CorruptObjectException {
        return read(id, readHeader(id).objectLength());
    }

    /** Reads only the header, which is not authenticated. */
    public ObjectHeader readHeader(CommitId id) throws ObjectStoreException, CorruptObjectException {
        String name = id.objectName();
        return ObjectHeader.read(fetch(name, 0, ObjectHeader.BYTES), name);
    }

    /** Fetches and opens one page; a page of zeros costs no request. */
    public ByteBuffer readPage(FrameTable table, int slot, int page)
            throws ObjectStoreException, CorruptObjectException {
        Frame frame = table.frame(slot);
        ByteBuffer stored = ByteBuffer.allocate(0);
        if (frame.pageStoredLength(page) > 0) {
            stored = fetch(table.commit().objectName(), frame.pageOffset(page), frame.pageStoredLength(page));
        }
        return openPage(table, slot, page, stored);
    }

    /**
     * Opens one page that the caller has fetched. Makes no request.
     *
     * @param stored its bytes, at {@link Frame#pageOffset} and of {@link Frame#pageStoredLength}
     * @return {@link Frame#pageLength} bytes, from position 0 on, in an array of their own
     */
    public ByteBuffer openPage(FrameTable table, int slot, int page, ByteBuffer stored) throws CorruptObjectException {
        Frame frame = table.frame(slot);
        ByteBuffer plain = ByteBuffer.allocate(frame.pageLength(page));
        if (frame.pageStoredLength(page) == 0) {
            return plain;
        }
        ObjectCipher cipher = ciphers.get(
                table.header(), header -> keys.cipher(header, table.commit().objectName()));
        Position position = new Position(Domain.FRAME, slot, page, false);
        if (stored.remaining() != frame.pageStoredLength(page)) {
            throw cipher.corrupt(position, "its length is not the length in the table");
        }
        cipher.open(position, stored.duplicate(), plain);
        if (plain.hasRemaining()) {
            throw cipher.corrupt(position, "the page is short");
        }
        return plain.flip();
    }

    /**
     * Reads the ranges of a delta.
     *
     * @param plain the first {@link Frame#mapLength} plain bytes of the frame; advances
     */
    public DeltaMap openMap(FrameTable table, int slot, ByteBuffer plain) throws CorruptObjectException {
        Frame frame = table.frame(slot);
        String position = "frame " + slot + " map";
        ByteReader reader = new ByteReader(plain, table.commit().objectName(), position);
        reader.require(plain.remaining() == frame.mapLength(), "the length of the map is not the length in the table");
        return DeltaMap.read(reader, frame.length());
    }

    private LogObject open(CommitId id, ObjectHeader header, ByteBuffer head) throws CorruptObjectException {
        ObjectCipher cipher = keys.cipher(header, id.objectName());
        ByteBuffer plain = SealedSection.open(cipher, Domain.LOG, new SectionBytes(head, CommitLimits.LOG_BYTES_MAX));
        return header.kind() == ObjectKind.FENCE
                ? FenceSealer.read(id, header, plain)
                : LogSection.read(id, header, plain);
    }

    private static void requireItsPlace(CommitId id, ObjectHeader header) throws CorruptObjectException {
        boolean belongs = header.number() == id.seq()
                && (header.kind() == ObjectKind.FENCE
                        || header.kind() == ObjectKind.COMMIT && header.epoch() == id.epoch());
        if (!belongs) {
            throw new CorruptObjectException(id.objectName(), "header", "it is that of another object");
        }
    }

    private ByteBuffer fetch(String name, long offset, int length) throws ObjectStoreException, CorruptObjectException {
        try {
            return store.getRange(name, offset, length).bytes();
        } catch (ObjectStoreException e) {
            if (e.kind() == ObjectStoreException.Kind.TRUNCATED) {
                if (offset + length <= ObjectHeader.BYTES) {
                    throw ObjectHeader.foreign(name, "it ends within its header");
                }
                throw new CorruptObjectException(name, "byte " + offset, "the object ends too early", e);
            }
            throw e;
        }
    }
}
