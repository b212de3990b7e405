// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.server.ninep.wire.Qid;

/** Files as 9P identifies them. */
final class Qids {
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    private Qids() {}

    static Qid of(Attributes file) {
        return new Qid(type(file.kind()), version(file), file.id().number());
    }

    /** Of a directory entry: without a version, which would cost reading each file. Linux does not look at it. */
    static Qid of(long inode, FileKind kind) {
        return new Qid(type(kind), 0, inode);
    }

    private static int type(FileKind kind) {
        return switch (kind) {
            case DIRECTORY -> Qid.DIRECTORY;
            case SYMLINK -> Qid.SYMLINK;
            case REGULAR, FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> Qid.FILE;
        };
    }

    /** Changes with mtime and ctime; never 0, which Linux takes for a file that it must not cache. */
    private static int version(Attributes file) {
        long mixed = nanos(file.modified()) * 31 + nanos(file.changed());
        int version = (int) (mixed ^ mixed >>> 32);
        return version == 0 ? 1 : version;
    }

    /** For change detection only; wraps around. */
    static long nanos(Timestamp time) {
        return time.seconds() * NANOS_PER_SECOND + time.nanos();
    }
}
