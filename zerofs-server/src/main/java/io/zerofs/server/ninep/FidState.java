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

    /** Gives up what it holds. Called once, when its fid is closed. */
    default void close() {}

    /** Returns the memory that it takes of the allowance for fids. */
    default int fidBytes() {
        return 0;
    }

    /** Not opened yet. */
    record Unopened() implements FidState {
        static final Unopened INSTANCE = new Unopened();
    }

    /**
     * A regular file after Tlopen or Tlcreate.
     *
     * @param synchronous whether writes are answered only when they are durable (O_SYNC, O_DSYNC)
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
     * @param listingEnd where the listing ends that was begun last; 0 before the first
     */
    record OpenDirectory(FileHold hold, AtomicLong listingEnd) implements FidState {
        /** The part that a reader at this offset has still to see. */
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

    /** An extended attribute, or the list of their names, being read. */
    record XattrValue(byte[] bytes, Allowance memory) implements FidState {
        @Override
        public void close() {
            memory.give(bytes.length);
        }
    }

    /** An extended attribute being written; set when the fid is clunked. */
    final class XattrDraft implements FidState {
        private final FileName name;
        private final XattrMode mode;
        private final ByteBuffer value;
        private final Allowance memory;

        /** @param bytes length of the value, checked by the caller and taken from the memory */
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

        /** Appends; the offset must be where the last piece ended. */
        synchronized void write(long offset, ByteBuffer piece) {
            if (offset != value.position() || piece.remaining() > value.remaining()) {
                throw new ErrnoException(Errno.EINVAL);
            }
            value.put(piece);
        }

        /** The whole value; EINVAL if the client wrote less than it had announced. */
        synchronized byte[] value() {
            if (value.hasRemaining()) {
                throw new ErrnoException(Errno.EINVAL);
            }
            return value.array();
        }
    }
}
