// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file of cached blocks, appended one after the other and deleted as a whole. Nothing is ever synced: what a crash
 * tears is found by its checksum.
 *
 * <pre>
 *   entry: u32 magic  u32 length  u32 block  u32 crc32c of all else  bytes[32] salt of the object  bytes[length]
 * </pre>
 *
 * <p>Readers are many, the writer is one. Big-endian.
 */
final class CacheSegment {
    static final int ENTRY_HEADER_BYTES = 16 + Salt.BYTES;

    private static final int MAGIC = 0x5A464342;
    private static final int CRC_OFFSET = 12;

    private final Path file;
    private final long number;
    private FileChannel channel;
    private volatile long size;
    private boolean deleted;

    private CacheSegment(Path file, long number, FileChannel channel) throws IOException {
        this.file = file;
        this.number = number;
        this.channel = channel;
        this.size = channel.size();
    }

    static CacheSegment create(Path file, long number) throws IOException {
        return new CacheSegment(
                file,
                number,
                FileChannel.open(
                        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** An older one, to be read only. */
    static CacheSegment open(Path file, long number) throws IOException {
        return new CacheSegment(file, number, FileChannel.open(file, StandardOpenOption.READ));
    }

    /** What {@link #walk} meets. */
    interface Visitor {
        /** @return whether to go on */
        boolean visit(Salt object, int block, long offset) throws IOException;
    }

    long number() {
        return number;
    }

    /** Bytes of the file. */
    long size() {
        return size;
    }

    /**
     * Returns the offset of the new entry.
     *
     * @param entry room to build it in, best outside of the heap
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
                // a reader was interrupted; channel() opens it again, or tells that the segment is gone
            }
        }
        size = offset + entry.limit();
        return offset;
    }

    /** The bytes of a block at an offset; null if anything else is there. */
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

    /** Visits the entries in their order, up to the first place where none is; their bytes are not checked. */
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

    /** Readers that come later fail. */
    synchronized void close() throws IOException {
        deleted = true;
        channel.close();
    }

    void delete() throws IOException {
        close();
        Files.deleteIfExists(file);
    }

    private ByteBuffer readFully(long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        boolean ended = false;
        while (bytes.hasRemaining() && !ended) {
            try {
                ended = channel().read(bytes, offset + bytes.position()) < 0;
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (AsynchronousCloseException e) {
                // another reader was interrupted
            }
        }
        return bytes.flip();
    }

    /** A thread that is interrupted in a read closes the channel for all: the next one opens it again. */
    private synchronized FileChannel channel() throws IOException {
        if (deleted) {
            throw new ClosedChannelException();
        }
        if (!channel.isOpen()) {
            channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }
        return channel;
    }

    /** Over the whole entry, its position wherever it is, with zeros for the checksum itself. */
    private static int checksum(ByteBuffer entry) {
        CRC32C crc = new CRC32C();
        ByteBuffer all = entry.duplicate().rewind();
        crc.update(all.limit(CRC_OFFSET));
        all.limit(entry.limit()).position(CRC_OFFSET + Integer.BYTES);
        crc.update(all);
        return (int) crc.getValue();
    }
}
