// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.XdrWriter;

/**
 * The results of the procedures (RFC 1813 §3.3), in the field order of the wire. Attributes may be null if the wire has
 * a post_op_attr.
 */
public sealed interface Nfs3Result {
    Nfs3Status status();

    /** Writes the fields after the status, up to the payload if the result has one. */
    void writeBody(XdrWriter out);

    /** Writes status and body. */
    default void write(XdrWriter out) {
        out.writeInt(status().code());
        writeBody(out);
    }

    /** A result with status OK. */
    sealed interface Success extends Nfs3Result {
        @Override
        default Nfs3Status status() {
            return Nfs3Status.OK;
        }
    }

    /** A success that ends with bulk data, which it owns. */
    sealed interface WithPayload extends Success {
        /** Returns the bytes that {@link #write} writes. */
        int headBytes();

        ByteBuf payload();
    }

    /** §3.3.1 */
    record GetAttrOk(Fattr3 attributes) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            attributes.write(out);
        }
    }

    /** Of SETATTR, REMOVE and RMDIR: the change of the object or directory. */
    record WccOk(WccData wcc) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            wcc.write(out);
        }
    }

    /** §3.3.3 */
    record LookupOk(byte[] object, Fattr3 attributes, Fattr3 directory) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            out.writeOpaque(object);
            Fattr3.writeOptional(out, attributes);
            Fattr3.writeOptional(out, directory);
        }
    }

    /** §3.3.4 */
    record AccessOk(Fattr3 attributes, int access) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            out.writeInt(access);
        }
    }

    /** §3.3.5 */
    record ReadLinkOk(Fattr3 attributes, byte[] target) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            out.writeOpaque(target);
        }
    }

    /**
     * §3.3.6
     *
     * @param payload the bytes read with their padding, with room for {@link #HEAD_BYTES_MAX} in front
     */
    record ReadOk(Fattr3 attributes, int count, boolean endOfFile, ByteBuf payload) implements WithPayload {
        private static final int FIXED_BYTES = 4 * Integer.BYTES;
        public static final int HEAD_BYTES_MAX = FIXED_BYTES + Integer.BYTES + Fattr3.BYTES;

        @Override
        public int headBytes() {
            return FIXED_BYTES + Fattr3.optionalBytes(attributes);
        }

        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            out.writeInt(count).writeBoolean(endOfFile).writeInt(count);
        }
    }

    /** §3.3.7 */
    record WriteOk(WccData wcc, int count, StableHow committed, long verifier) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            wcc.write(out);
            out.writeInt(count).writeInt(committed.code()).writeLong(verifier);
        }
    }

    /** Of CREATE, MKDIR, SYMLINK and MKNOD. */
    record CreateOk(byte[] object, Fattr3 attributes, WccData directory) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            out.writeBoolean(true).writeOpaque(object);
            Fattr3.writeOptional(out, attributes);
            directory.write(out);
        }
    }

    /** §3.3.14 */
    record RenameOk(WccData from, WccData to) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            from.write(out);
            to.write(out);
        }
    }

    /** §3.3.15 */
    record LinkOk(Fattr3 attributes, WccData directory) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            directory.write(out);
        }
    }

    /**
     * Of READDIR and READDIRPLUS.
     *
     * @param payload the output of {@link DirectoryListEncoder}, with room for {@link #HEAD_BYTES_MAX} in front
     */
    record ReadDirOk(Fattr3 directory, long verifier, ByteBuf payload) implements WithPayload {
        private static final int FIXED_BYTES = Integer.BYTES + Long.BYTES;
        public static final int HEAD_BYTES_MAX = FIXED_BYTES + Integer.BYTES + Fattr3.BYTES;

        @Override
        public int headBytes() {
            return FIXED_BYTES + Fattr3.optionalBytes(directory);
        }

        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, directory);
            out.writeLong(verifier);
        }
    }

    /** §3.3.18; bytes and files: total, free, free for the caller. */
    record FsStatOk(
            Fattr3 attributes,
            long totalBytes,
            long freeBytes,
            long availableBytes,
            long totalFiles,
            long freeFiles,
            long availableFiles,
            int invariantSeconds)
            implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            out.writeLong(totalBytes).writeLong(freeBytes).writeLong(availableBytes);
            out.writeLong(totalFiles).writeLong(freeFiles).writeLong(availableFiles);
            out.writeInt(invariantSeconds);
        }
    }

    /** §3.3.19 */
    record FsInfoOk(
            Fattr3 attributes,
            int readMax,
            int readPreferred,
            int readMultiple,
            int writeMax,
            int writePreferred,
            int writeMultiple,
            int directoryPreferred,
            long fileBytesMax,
            NfsTime3 timeDelta,
            int properties)
            implements Success {
        public static final int LINK = 0x01;
        public static final int SYMLINK = 0x02;
        public static final int HOMOGENEOUS = 0x08;
        public static final int CAN_SET_TIME = 0x10;

        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            out.writeInt(readMax).writeInt(readPreferred).writeInt(readMultiple);
            out.writeInt(writeMax).writeInt(writePreferred).writeInt(writeMultiple);
            out.writeInt(directoryPreferred).writeLong(fileBytesMax);
            timeDelta.write(out);
            out.writeInt(properties);
        }
    }

    /** §3.3.20 */
    record PathConfOk(
            Fattr3 attributes,
            int linksMax,
            int nameBytesMax,
            boolean refusesLongNames,
            boolean restrictsChown,
            boolean ignoresCase,
            boolean preservesCase)
            implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            out.writeInt(linksMax).writeInt(nameBytesMax);
            out.writeBoolean(refusesLongNames).writeBoolean(restrictsChown);
            out.writeBoolean(ignoresCase).writeBoolean(preservesCase);
        }
    }

    /** §3.3.21 */
    record CommitOk(WccData wcc, long verifier) implements Success {
        @Override
        public void writeBody(XdrWriter out) {
            wcc.write(out);
            out.writeLong(verifier);
        }
    }

    /** A failure with its status only. */
    record Failure(Nfs3Status status) implements Nfs3Result {
        @Override
        public void writeBody(XdrWriter out) {}
    }

    /** A failure with the attributes of the object or directory. */
    record AttributesFailure(Nfs3Status status, Fattr3 attributes) implements Nfs3Result {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
        }
    }

    /** A failure with the attributes of the object or directory before and after. */
    record WccFailure(Nfs3Status status, WccData wcc) implements Nfs3Result {
        @Override
        public void writeBody(XdrWriter out) {
            wcc.write(out);
        }
    }

    /** Of RENAME. */
    record RenameFailure(Nfs3Status status, WccData from, WccData to) implements Nfs3Result {
        @Override
        public void writeBody(XdrWriter out) {
            from.write(out);
            to.write(out);
        }
    }

    /** Of LINK. */
    record LinkFailure(Nfs3Status status, Fattr3 attributes, WccData directory) implements Nfs3Result {
        @Override
        public void writeBody(XdrWriter out) {
            Fattr3.writeOptional(out, attributes);
            directory.write(out);
        }
    }
}
