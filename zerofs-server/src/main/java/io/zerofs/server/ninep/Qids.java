// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.server.ninep.wire.Qid;

/**
 * Identities of files in one session. The version of a file never changes in a session: Linux takes a file of another
 * version for another file, and would forget data of the first that it has not yet written back. Each session has another
 * version, so that a cache on the client's disk (fscache) does not outlive the mount. The version is never 0, because
 * Linux does not cache a file of version 0. See {@code docs/protocols/ninep.md}.
 */
final class Qids {
    private final int version;

    /** @param session a number that no recent session of the volume had */
    Qids(int session) {
        this.version = session == 0 ? 1 : session;
    }

    Qid of(Attributes file) {
        return new Qid(type(file.kind()), version, file.id().number());
    }

    /** Returns the qid of a directory entry. It has no version, because Linux ignores the version of an entry. */
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
