// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.server.ninep.wire.Qid;

/**
 * Files as 9P identifies them in one session. The version of a file never changes in a session: Linux takes a file of
 * another version for another file, and would forget data of the first that it has not yet written back. It is another
 * one in each session, so that a cache on the client's disk (fscache) does not outlive the mount. It is never 0, which
 * Linux takes for a file that it must not cache. See {@code docs/protocols/ninep.md}.
 */
final class Qids {
    private final int version;

    /** @param session a number that no other session of the volume had for long */
    Qids(int session) {
        this.version = session == 0 ? 1 : session;
    }

    Qid of(Attributes file) {
        return new Qid(type(file.kind()), version, file.id().number());
    }

    /** Of a directory entry: without a version, at which Linux does not look there. */
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
}
