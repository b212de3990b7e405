// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.zip.CRC32C;

/**
 * A file of cached blocks. The writer appends blocks and deletes the file as a whole. It never syncs, because the checksum
 * finds a block that a crash tore.
 *
 * <pre>
 *   entry: u32 magic  u32 length  u32 block  u32 crc32c of all else  bytes[32] salt of the object  bytes[length]
 * </pre>
 *
 * <p>It has many readers and one writer. Big-endian.
 */
final class CacheSegment {
    static final int ENTRY_HEADER_BYTES = 16 + Salt.BYTES;

    private static final int MAGIC = 0x5A464342;
    private static final int CRC_OFFSET = 12;

    /** Lower bits of a place. The others are the number of the segment. */
    private static final int OFFSET_BITS = 40;

    private final Path file;
    private final long number;
    private final Lock lock = Machine.current().newLock();
    private final Set<OpenOption> options;
    private FileChannel channel;
    private volatile long size;
    private boolean deleted;

    private CacheSegment(Path file, long number, FileChannel channel, Set<OpenOption> options) throws IOException {
        this.file = file;
        this.number = number;
        this.options = options;
        this.channel = channel;
        this.size = channel.size();
    }

    static CacheSegment create(Path file, long number) throws IOException {
        return new CacheSegment(
                file,
                number,
                FileChannel.open(
                        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** Opens an older segment for reading only. */
    static CacheSegment open(Path file, long number) throws IOException {
        Set<OpenOption> options = Set.of(StandardOpenOption.READ);
        return new CacheSegment(file, number, FileChannel.open(file, options), options);
    }

    /** Receives the entries of {@link #walk}. */
    interface Visitor {
        /** @return whether to continue */
        boolean visit(Salt object, int block, long offset) throws IOException;
    }

    /** Returns the place of an entry of this segment, as {@link BlockIndex} keeps it. */
    long place(long offset) {
        return number << OFFSET_BITS | offset;
    }

    /** Returns the number of the segment in a place. */
    static long number(long place) {
        return place >>> OFFSET_BITS;
    }

    /** Returns the offset in the segment in a place. */
    static long offset(long place) {
        return place & (1L << OFFSET_BITS) - 1;
    }

    long number() {
        return number;
    }

    /** Returns the bytes of the file. */
    long size() {
        return size;
    }

    /**
     * Appends an entry and returns its offset.
     *
     * @param entry room to build the entry in, best outside of the heap
     */
    long append(Salt object, int block, ByteBuffer bytes, ByteBuffer entry) throws IOException {
        long offset = size;
        entry.clear();
        entry.putInt(MAGIC).putInt(bytes.remaining()).putInt(block).putInt(0);
        object.write(entry);
        entry.put(bytes.duplicate()).flip();
        entry.putInt(CRC_OFFSET, checksum(entry));
        while (entry.hasRemaining()) {
            try {
                channel().write(entry, offset + entry.position());
            } catch (AsynchronousCloseException e) {
                // A reader was interrupted. channel() opens the file again, or fails if the segment is gone.
            }
        }
        size = offset + entry.limit();
        return offset;
    }

    /** Returns the bytes of a block at an offset; null if the offset has no such block. */
    ByteBuffer read(Salt object, int block, long offset, int bytesMax) throws IOException {
        ByteBuffer entry = readFully(offset, ENTRY_HEADER_BYTES + bytesMax);
        if (entry.remaining() < ENTRY_HEADER_BYTES || entry.getInt() != MAGIC) {
            return null;
        }
        int length = entry.getInt();
        boolean fits = length > 0 && length <= entry.limit() - ENTRY_HEADER_BYTES;
        if (!fits || entry.getInt() != block) {
            return null;
        }
        entry.limit(ENTRY_HEADER_BYTES + length);
        int checksum = entry.getInt();
        if (!Salt.read(entry).equals(object) || checksum(entry) != checksum) {
            return null;
        }
        return entry.slice();
    }

    /**
     * Fills the rest of a buffer with bytes of an entry and does not check them. Returns false if the file ends before.
     *
     * @param offset of the entry
     * @param inBlock bytes of the block before the wanted ones
     */
    boolean readUnchecked(long offset, int inBlock, ByteBuffer into) throws IOException {
        return readFully(offset + ENTRY_HEADER_BYTES + inBlock, into);
    }

    /** Visits the entries in their order, up to the first place without one. Does not check their bytes. */
    void walk(int bytesMax, Visitor visitor) throws IOException {
        long offset = 0;
        boolean goesOn = true;
        while (goesOn && offset + ENTRY_HEADER_BYTES < size) {
            ByteBuffer header = readFully(offset, ENTRY_HEADER_BYTES);
            if (header.remaining() < ENTRY_HEADER_BYTES || header.getInt() != MAGIC) {
                return;
            }
            int length = header.getInt();
            int block = header.getInt();
            header.getInt();
            if (length <= 0 || length > bytesMax || block < 0 || offset + ENTRY_HEADER_BYTES + length > size) {
                return;
            }
            goesOn = visitor.visit(Salt.read(header), block, offset);
            offset += ENTRY_HEADER_BYTES + length;
        }
    }

    /** Closes the file. Later readers fail. */
    void close() throws IOException {
        lock.lock();
        try {
            deleted = true;
            channel.close();
        } finally {
            lock.unlock();
        }
    }

    void delete() throws IOException {
        close();
        Files.deleteIfExists(file);
    }

    private ByteBuffer readFully(long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        readFully(offset, bytes);
        return bytes.flip();
    }

    /** Fills the rest of a buffer, or as much of it as the file has. Returns whether it is full. */
    private boolean readFully(long offset, ByteBuffer bytes) throws IOException {
        int begin = bytes.position();
        boolean ended = false;
        while (bytes.hasRemaining() && !ended) {
            try {
                ended = channel().read(bytes, offset + bytes.position() - begin) < 0;
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (AsynchronousCloseException e) {
                // another reader was interrupted
            }
        }
        return !bytes.hasRemaining();
    }

    /** Returns an open channel. An interrupted reader closes the channel for all; the next one opens it again. */
    private FileChannel channel() throws IOException {
        lock.lock();
        try {
            if (deleted) {
                throw new ClosedChannelException();
            }
            if (!channel.isOpen()) {
                channel = FileChannel.open(file, options);
            }
            return channel;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the checksum of the whole entry at any position, with zeros for the checksum itself. */
    private static int checksum(ByteBuffer entry) {
        CRC32C crc = new CRC32C();
        ByteBuffer all = entry.duplicate().rewind();
        crc.update(all.limit(CRC_OFFSET));
        all.limit(entry.limit()).position(CRC_OFFSET + Integer.BYTES);
        crc.update(all);
        return (int) crc.getValue();
    }
}
