// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.server.ninep.wire.Errno;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** The state of a fid, which decides the permitted requests. */
sealed interface FidState {
    /** Bytes of memory that an open file or directory takes beside its fid. */
    int OPEN_BYTES = 160;

    /** Releases the resources of the state. The fid calls it once, when it is closed. */
    default void close() {}

    /** Returns the bytes that the state takes of the allowance for fids. */
    default int fidBytes() {
        return 0;
    }

    /** A fid that is not open yet. */
    record Unopened() implements FidState {
        static final Unopened INSTANCE = new Unopened();
    }

    /**
     * A regular file after Tlopen or Tlcreate.
     *
     * @param synchronous whether the answer to a write waits until the write is durable (O_SYNC, O_DSYNC)
     */
    record OpenFile(FileHold hold, boolean readable, boolean writable, boolean append, boolean synchronous)
            implements FidState {
        @Override
        public void close() {
            hold.close();
        }

        @Override
        public int fidBytes() {
            return OPEN_BYTES;
        }
    }

    /**
     * A directory after Tlopen.
     *
     * @param listingEnd end of the newest listing, see {@link ListingRange}; 0 before the first
     */
    record OpenDirectory(FileHold hold, AtomicLong listingEnd) implements FidState {
        /** Returns the rest of the listing after an offset. A read at offset 0, or at the end, moves the end to now. */
        ListingRange range(VirtualFileSystem files, long offset) throws FsException {
            if (offset == 0 || offset >= listingEnd.get()) {
                listingEnd.set(files.listingEnd(hold.inode()));
            }
            return new ListingRange(offset, listingEnd.get());
        }

        @Override
        public void close() {
            hold.close();
        }

        @Override
        public int fidBytes() {
            return OPEN_BYTES;
        }
    }

    /** The value of an extended attribute, or the list of names, for reading. */
    record XattrValue(byte[] bytes, Allowance memory) implements FidState {
        @Override
        public void close() {
            memory.give(bytes.length);
        }
    }

    /** The new value of an extended attribute. Writes fill it, and Tclunk sets it. */
    final class XattrDraft implements FidState {
        private final FileName name;
        private final XattrMode mode;
        private final ByteBuffer value;
        private final Allowance memory;

        /** @param bytes length of the value; the caller has checked it and taken it from the memory */
        XattrDraft(FileName name, XattrMode mode, int bytes, Allowance memory) {
            this.name = name;
            this.mode = mode;
            this.value = ByteBuffer.allocate(bytes);
            this.memory = memory;
        }

        @Override
        public void close() {
            memory.give(value.capacity());
        }

        FileName name() {
            return name;
        }

        XattrMode mode() {
            return mode;
        }

        /** Appends a piece. EINVAL if the offset is not the end of the last piece, or the value would become too long. */
        synchronized void write(long offset, ByteBuffer piece) {
            if (offset != value.position() || piece.remaining() > value.remaining()) {
                throw new ErrnoException(Errno.EINVAL);
            }
            value.put(piece);
        }

        /** Returns the whole value; EINVAL if the client wrote less than it had announced. */
        synchronized byte[] value() {
            if (value.hasRemaining()) {
                throw new ErrnoException(Errno.EINVAL);
            }
            return value.array();
        }
    }
}
