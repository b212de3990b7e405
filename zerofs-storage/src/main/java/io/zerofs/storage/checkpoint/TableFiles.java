// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectCipher;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Position;
import io.zerofs.storage.seal.Position.Domain;
import io.zerofs.storage.seal.Salt;
import io.zerofs.storage.seal.SealedSection;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/**
 * Moves RocksDB's tables between local files and the store. A stored table is a header and one section of plain pages,
 * because RocksDB has compressed them. The stored length follows from the size, so pages are sealed and opened one by one.
 * Thread-safe.
 */
public final class TableFiles {
    /** Bytes that one request fetches: whole pages, so that no answer ends with a part of one. */
    private static final int FETCH_BYTES = 127 * SealedSection.STORED_PAGE_BYTES_MAX;

    /** Memory to fetch one table: one answer. */
    public static final long MEMORY_BYTES = 8 * 1024 * 1024;

    private static final int SECTION_PAGE_BYTES = SealedSection.SECTION_PAGE_BYTES;
    private static final int PAGE_OVERHEAD_BYTES = SealedSection.STORED_PAGE_BYTES_MAX - SECTION_PAGE_BYTES;

    private final ObjectKeys keys;
    private final SecretKey digestKey;

    public TableFiles(ObjectKeys keys) {
        this.keys = keys;
        this.digestKey = keys.tableDigestKey();
    }

    public byte[] digest(Path file) throws IOException {
        Mac mac = newMac();
        ByteBuffer buffer = ByteBuffer.allocate(SECTION_PAGE_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(buffer.clear()) >= 0) {
                mac.update(buffer.flip());
            }
        }
        return mac.doFinal();
    }

    /** Returns whether a local file is the table. */
    public boolean isTable(Path file, TableReference table) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == table.size()
                && Arrays.equals(digest(file), table.digest());
    }

    /** Returns the object of a table, all of it in memory. The same salt makes the same bytes. */
    public List<ByteBuffer> seal(Path file, TableReference table, Salt salt) throws IOException {
        ObjectHeader header = header(table, salt);
        ObjectCipher cipher = keys.cipher(header, table.objectName());
        List<ByteBuffer> object = new ArrayList<>();
        ByteBuffer clear = ByteBuffer.allocate(ObjectHeader.BYTES);
        header.write(clear);
        object.add(clear.flip());
        int pages = pageCount(table.size());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int i = 0; i < pages; i++) {
                int length = (int) Math.min(SECTION_PAGE_BYTES, table.size() - (long) i * SECTION_PAGE_BYTES);
                ByteBuffer plain = readFully(channel, ByteBuffer.allocate(length));
                Compression.CodedPage page = Compression.NONE.pack(plain);
                ByteBuffer stored = ByteBuffer.allocate(SealedSection.LENGTH_BYTES + page.storedLength());
                stored.putInt(page.storedLength());
                cipher.seal(new Position(Domain.TABLE, 0, i, i == pages - 1), page, stored);
                object.add(stored.flip());
            }
        }
        return object;
    }

    /** Fetches a table into a new file and checks that it is the one that the manifest names. */
    public void fetch(ObjectStore store, TableReference table, Target target)
            throws ObjectStoreException, CorruptObjectException, IOException {
        Mac mac = newMac();
        try (FileChannel channel =
                FileChannel.open(target.file(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            StoredTable stored = new StoredTable(store, table);
            SealedSection.Reader reader = new SealedSection.Reader(stored.cipher(keys), Domain.TABLE);
            for (int i = 0; i < pageCount(table.size()); i++) {
                long left = stored.left();
                ByteBuffer plain = reader.next(stored.next(), left);
                mac.update(plain.duplicate());
                target.progress().accept(plain.remaining());
                while (plain.hasRemaining()) {
                    channel.write(plain);
                }
            }
            reader.end();
        }
        if (!Arrays.equals(mac.doFinal(), table.digest())) {
            throw new CorruptObjectException(
                    table.objectName(), "table", "it is not the table that the manifest names");
        }
    }

    /**
     * The target of a fetched table.
     *
     * @param progress receives the number of arrived bytes
     */
    public record Target(Path file, LongConsumer progress) {}

    private static ObjectHeader header(TableReference table, Salt salt) {
        return new ObjectHeader(
                ObjectKind.TABLE,
                ObjectHeader.FIRST_KEY_ID,
                table.epoch(),
                table.number(),
                salt,
                0,
                storedLength(table.size()));
    }

    private static long storedLength(long size) {
        return size + (long) pageCount(size) * PAGE_OVERHEAD_BYTES;
    }

    private static int pageCount(long size) {
        return (int) ((size + SECTION_PAGE_BYTES - 1) / SECTION_PAGE_BYTES);
    }

    private Mac newMac() {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(digestKey);
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has HmacSHA256", e);
        }
    }

    private static ByteBuffer readFully(ReadableByteChannel channel, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new EOFException("a table file became shorter");
            }
        }
        return into.flip();
    }

    /** The stored bytes of one table, fetched range by range on demand. */
    private static final class StoredTable {
        private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

        private final ObjectStore store;
        private final TableReference table;
        private final ObjectHeader header;
        private long offset;
        private ByteBuffer buffer;

        StoredTable(ObjectStore store, TableReference table) throws ObjectStoreException, CorruptObjectException {
            this.store = store;
            this.table = table;
            int first = ObjectHeader.BYTES + (int) Math.min(FETCH_BYTES, storedLength(table.size()));
            this.buffer = fetch(0, first);
            this.offset = first;
            this.header = ObjectHeader.read(buffer, table.objectName());
            if (!header.equals(TableFiles.header(table, header.salt()))) {
                throw new CorruptObjectException(table.objectName(), "header", "it is that of another object");
            }
        }

        ObjectCipher cipher(ObjectKeys keys) {
            return keys.cipher(header, table.objectName());
        }

        /** Returns the number of stored bytes that were not yet taken. */
        long left() {
            return header.objectLength() - offset + buffer.remaining();
        }

        /** Returns a buffer with at least the next page. Pages have a fixed length, so none lies in two answers. */
        ByteBuffer next() throws ObjectStoreException, CorruptObjectException {
            int length = (int) Math.min(FETCH_BYTES, header.objectLength() - offset);
            if (!buffer.hasRemaining() && length > 0) {
                buffer = NOTHING; // so that it takes no memory beside the next answer
                buffer = fetch(offset, length);
                offset += length;
            }
            return buffer;
        }

        private ByteBuffer fetch(long from, int length) throws ObjectStoreException, CorruptObjectException {
            try {
                return store.getRange(table.objectName(), from, length).bytes();
            } catch (ObjectStoreException e) {
                if (e.kind() == ObjectStoreException.Kind.TRUNCATED) {
                    throw new CorruptObjectException(
                            table.objectName(), "byte " + from, "the object ends too early", e);
                }
                throw e;
            }
        }
    }
}
