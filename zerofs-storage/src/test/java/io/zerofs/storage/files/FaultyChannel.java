// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.files;

import io.zerofs.storage.files.DiskContent.Inode;
import io.zerofs.storage.files.DiskFault.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/** An open file or directory of a {@link FaultyDisk}. A failing write may have written half of its bytes. */
final class FaultyChannel extends FileChannel {
    private final FaultyDisk disk;
    private final Path file;
    private final FileChannel inner;
    private final Inode inode;

    FaultyChannel(FaultyDisk disk, Path file, FileChannel inner, Inode inode) {
        this.disk = disk;
        this.file = file;
        this.inner = inner;
        this.inode = inode;
    }

    private interface Transfer {
        int run(ByteBuffer bytes) throws IOException;
    }

    private int part(ByteBuffer bytes, int length, Transfer transfer) throws IOException {
        int count = FaultyDisk.closing(this, () -> transfer.run(bytes.slice(bytes.position(), length)));
        if (count > 0) {
            bytes.position(bytes.position() + count);
        }
        return count;
    }

    private int read(ByteBuffer bytes, Transfer transfer) throws IOException {
        return disk.call(Kind.READ, file, () -> part(bytes, disk.transferOf(bytes.remaining()), transfer));
    }

    private int write(ByteBuffer bytes, Transfer transfer) throws IOException {
        return disk.call(
                Kind.WRITE,
                file,
                () -> part(bytes, disk.transferOf(bytes.remaining()), transfer),
                () -> part(bytes.duplicate(), bytes.remaining() / 2, transfer));
    }

    @Override
    public int read(ByteBuffer bytes) throws IOException {
        return read(bytes, inner::read);
    }

    @Override
    public int read(ByteBuffer bytes, long position) throws IOException {
        return read(bytes, some -> inner.read(some, position));
    }

    @Override
    public long read(ByteBuffer[] bytes, int offset, int length) throws IOException {
        return read(bytes[offset]);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        return write(bytes, inner::write);
    }

    @Override
    public int write(ByteBuffer bytes, long position) throws IOException {
        return write(bytes, some -> inner.write(some, position));
    }

    @Override
    public long write(ByteBuffer[] bytes, int offset, int length) throws IOException {
        return write(bytes[offset]);
    }

    @Override
    public long position() throws IOException {
        return inner.position();
    }

    @Override
    public FileChannel position(long newPosition) throws IOException {
        inner.position(newPosition);
        return this;
    }

    @Override
    public long size() throws IOException {
        return disk.call(Kind.READ_ATTRIBUTES, file, inner::size);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        return disk.call(Kind.TRUNCATE, file, () -> {
            inner.truncate(size);
            return this;
        });
    }

    /** Makes content or names durable as the disk's rules say. The real disk need not sync. */
    @Override
    public void force(boolean metaData) throws IOException {
        disk.call(
                inode.isDirectory() ? Kind.FORCE_DIRECTORY : Kind.FORCE,
                file,
                () -> {
                    disk.content().forced(inode);
                    return null;
                },
                () -> disk.content().forceFailed(inode));
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        disk.admit(Kind.LOCK, file, () -> {});
        return FaultyDisk.closing(this, () -> inner.lock(position, size, shared));
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return disk.call(Kind.LOCK, file, () -> inner.tryLock(position, size, shared));
    }

    @Override
    protected void implCloseChannel() throws IOException {
        inner.close();
        disk.opened(-1);
    }
}
