// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;

/**
 * A message of a client. The components have the order of the wire. Fids are unsigned 32-bit numbers. Names are unchecked
 * bytes that fit into the message.
 */
public sealed interface Tmessage {
    MessageType type();

    /** A message about the connection, not about files. The owner of the connection answers it. */
    sealed interface Control extends Tmessage {}

    /** A message about files. It calls its own method of a handler. */
    sealed interface Operation extends Tmessage {
        <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E;
    }

    record Tversion(int msize, byte[] version) implements Control {
        @Override
        public MessageType type() {
            return MessageType.TVERSION;
        }
    }

    record Tflush(int oldTag) implements Control {
        @Override
        public MessageType type() {
            return MessageType.TFLUSH;
        }
    }

    record Tstatfs(int fid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TSTATFS;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.attributes().statistics(this);
        }
    }

    /** @param flags of open(2), Linux values; see {@link OpenFlags} */
    record Tlopen(int fid, int flags) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TLOPEN;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.data().open(this);
        }
    }

    record Tlcreate(int fid, byte[] name, int flags, int mode, int gid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TLCREATE;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.data().create(this);
        }
    }

    record Tsymlink(int fid, byte[] name, byte[] target, int gid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TSYMLINK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().symlink(this);
        }
    }

    /** @param mode of mknod(2), with the kind of file */
    record Tmknod(int fid, byte[] name, int mode, int major, int minor, int gid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TMKNOD;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().makeNode(this);
        }
    }

    record Trename(int fid, int directoryFid, byte[] name) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TRENAME;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().rename(this);
        }
    }

    record Treadlink(int fid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TREADLINK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().readLink(this);
        }
    }

    /** @param mask bits of {@link GetattrMask} */
    record Tgetattr(int fid, long mask) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TGETATTR;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.attributes().getAttributes(this);
        }
    }

    /** @param valid bits of {@link SetattrValid}, which select the components to set */
    record Tsetattr(int fid, int valid, int mode, int uid, int gid, long size, WireTime accessed, WireTime modified)
            implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TSETATTR;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.attributes().setAttributes(this);
        }
    }

    /** @param name name of the attribute; empty to list the names */
    record Txattrwalk(int fid, int newFid, byte[] name) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TXATTRWALK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.xattrs().xattrWalk(this);
        }
    }

    /** @param flags of setxattr(2) */
    record Txattrcreate(int fid, byte[] name, long size, int flags) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TXATTRCREATE;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.xattrs().xattrCreate(this);
        }
    }

    record Treaddir(int fid, long offset, int count) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TREADDIR;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.data().readDirectory(this);
        }
    }

    record Tfsync(int fid, boolean dataOnly) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TFSYNC;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.data().sync(this);
        }
    }

    /** @param flags {@link #BLOCK} and {@link #RECLAIM} */
    record Tlock(int fid, LockType lock, int flags, LockRange range, LockOwner owner) implements Operation {
        /** The request waits until the lock is free (P9_LOCK_FLAGS_BLOCK). */
        public static final int BLOCK = 1;

        /** The client had the lock before the server restarted (P9_LOCK_FLAGS_RECLAIM). */
        public static final int RECLAIM = 2;

        @Override
        public MessageType type() {
            return MessageType.TLOCK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.locks().lock(this);
        }
    }

    record Tgetlock(int fid, LockType lock, LockRange range, LockOwner owner) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TGETLOCK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.locks().getLock(this);
        }
    }

    record Tlink(int directoryFid, int fid, byte[] name) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TLINK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().link(this);
        }
    }

    record Tmkdir(int fid, byte[] name, int mode, int gid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TMKDIR;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().makeDirectory(this);
        }
    }

    record Trenameat(int fromFid, byte[] fromName, int toFid, byte[] toName) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TRENAMEAT;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().renameAt(this);
        }
    }

    /** @param flags 0 or {@link #REMOVE_DIRECTORY} */
    record Tunlinkat(int fid, byte[] name, int flags) implements Operation {
        /** Removes a directory, not a file (AT_REMOVEDIR). */
        public static final int REMOVE_DIRECTORY = 0x200;

        @Override
        public MessageType type() {
            return MessageType.TUNLINKAT;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.names().unlinkAt(this);
        }
    }

    /** @param uid the user as a number, -1 if only the name counts */
    record Tauth(int authFid, byte[] user, byte[] tree, int uid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TAUTH;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.fids().auth(this);
        }
    }

    /**
     * @param tree the directory to attach, a path from the root of the volume (aname)
     * @param uid the user as a number (n_uname), -1 if only the name counts
     */
    record Tattach(int fid, int authFid, byte[] user, byte[] tree, int uid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TATTACH;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.fids().attach(this);
        }
    }

    record Twalk(int fid, int newFid, byte[][] names) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TWALK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.fids().walk(this);
        }
    }

    record Tread(int fid, long offset, int count) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TREAD;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.data().read(this);
        }
    }

    /** @param data a slice of the message, not retained */
    record Twrite(int fid, long offset, ByteBuf data) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TWRITE;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.data().write(this);
        }
    }

    record Tclunk(int fid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TCLUNK;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.fids().clunk(this);
        }
    }

    record Tremove(int fid) implements Operation {
        @Override
        public MessageType type() {
            return MessageType.TREMOVE;
        }

        @Override
        public <R, E extends Exception> R applyTo(NinePHandler<R, E> handler) throws E {
            return handler.fids().remove(this);
        }
    }
}
