// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.netty.buffer.ByteBuf;

/**
 * The arguments of the procedures (RFC 1813 §3.3); NULL has none. Handles and names are the bytes that the client sent,
 * limited in length and otherwise unchecked. Decoded by {@link Nfs3CallDecoder}.
 */
public sealed interface Nfs3Call {
    <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E;

    /** Returns the bytes of data that the call moves. */
    default int transferBytes() {
        return 0;
    }

    /** Returns the maximum bytes of data in the reply. */
    default int replyBytes() {
        return transferBytes();
    }

    /** §3.3.1 */
    record GetAttr(byte[] object) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.getAttr(this);
        }
    }

    /**
     * §3.3.2
     *
     * @param guard ctime that the object must have, or null
     */
    record SetAttr(byte[] object, Sattr3 attributes, NfsTime3 guard) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.setAttr(this);
        }
    }

    /** §3.3.3 */
    record Lookup(byte[] directory, byte[] name) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.lookup(this);
        }
    }

    /**
     * §3.3.4
     *
     * @param access the ACCESS bits that the client asks for
     */
    record Access(byte[] object, int access) implements Nfs3Call {
        public static final int READ = 0x01;
        public static final int LOOKUP = 0x02;
        public static final int MODIFY = 0x04;
        public static final int EXTEND = 0x08;
        public static final int DELETE = 0x10;
        public static final int EXECUTE = 0x20;

        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.access(this);
        }
    }

    /** §3.3.5 */
    record ReadLink(byte[] symlink) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.readLink(this);
        }
    }

    /**
     * §3.3.6
     *
     * @param offset unsigned
     * @param count bytes, at most the bytes that fit into a reply
     */
    record Read(byte[] file, long offset, int count) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.read(this);
        }

        @Override
        public int transferBytes() {
            return count;
        }
    }

    /**
     * §3.3.7
     *
     * @param offset unsigned
     * @param stable durability that the write needs before the reply
     * @param data a slice of the received message
     */
    record Write(byte[] file, long offset, StableHow stable, ByteBuf data) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.write(this);
        }

        @Override
        public int transferBytes() {
            return data.readableBytes();
        }

        @Override
        public int replyBytes() {
            return 0;
        }
    }

    /**
     * §3.3.8
     *
     * @param attributes initial attributes; {@link Sattr3#NONE} with EXCLUSIVE
     * @param verifier with EXCLUSIVE, else 0
     */
    record Create(byte[] directory, byte[] name, Mode mode, Sattr3 attributes, long verifier) implements Nfs3Call {
        /** createmode3, in the order of the numbers. */
        public enum Mode {
            UNCHECKED,
            GUARDED,
            EXCLUSIVE
        }

        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.create(this);
        }
    }

    /** §3.3.9 */
    record MkDir(byte[] directory, byte[] name, Sattr3 attributes) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.makeDirectory(this);
        }
    }

    /** §3.3.10 */
    record Symlink(byte[] directory, byte[] name, Sattr3 attributes, byte[] target) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.symlink(this);
        }
    }

    /**
     * §3.3.11
     *
     * @param attributes {@link Sattr3#NONE} for types that this call cannot create
     * @param major of a device, else 0
     * @param minor of a device, else 0
     */
    record MkNod(byte[] directory, byte[] name, FileType3 type, Sattr3 attributes, int major, int minor)
            implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.makeNode(this);
        }
    }

    /** §3.3.12 */
    record Remove(byte[] directory, byte[] name) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.remove(this);
        }
    }

    /** §3.3.13 */
    record RmDir(byte[] directory, byte[] name) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.removeDirectory(this);
        }
    }

    /** §3.3.14 */
    record Rename(byte[] fromDirectory, byte[] fromName, byte[] toDirectory, byte[] toName) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.rename(this);
        }
    }

    /** §3.3.15 */
    record Link(byte[] file, byte[] directory, byte[] name) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.link(this);
        }
    }

    /**
     * §3.3.16
     *
     * @param count maximum bytes of READDIR3resok, at most the bytes that fit into a reply
     */
    record ReadDir(byte[] directory, long cookie, long verifier, int count) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.readDir(this);
        }

        @Override
        public int transferBytes() {
            return count;
        }
    }

    /**
     * §3.3.17
     *
     * @param directoryCount maximum bytes of names, file ids and cookies
     * @param count maximum bytes of READDIRPLUS3resok, at most the bytes that fit into a reply
     */
    record ReadDirPlus(byte[] directory, long cookie, long verifier, int directoryCount, int count)
            implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.readDirPlus(this);
        }

        @Override
        public int transferBytes() {
            return count;
        }
    }

    /** §3.3.18 */
    record FsStat(byte[] root) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.fsStat(this);
        }
    }

    /** §3.3.19 */
    record FsInfo(byte[] root) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.fsInfo(this);
        }
    }

    /** §3.3.20 */
    record PathConf(byte[] object) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.pathConf(this);
        }
    }

    /** §3.3.21 */
    record Commit(byte[] file, long offset, int count) implements Nfs3Call {
        @Override
        public <E extends Exception> Nfs3Result applyTo(Nfs3Handler<E> handler) throws E {
            return handler.commit(this);
        }
    }
}
