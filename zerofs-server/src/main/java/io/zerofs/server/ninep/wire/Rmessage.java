// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.LittleEndianWriter;
import java.util.List;

/** A message of the server. The components have the order of the wire. */
public sealed interface Rmessage {
    MessageType type();

    /** Returns an upper bound for the bytes of the body. */
    int bodyBytesMax();

    void writeBody(LittleEndianWriter out);

    /** A reply without a body. */
    record Empty(MessageType type) implements Rmessage {
        public static final Empty RRENAME = new Empty(MessageType.RRENAME);
        public static final Empty RSETATTR = new Empty(MessageType.RSETATTR);
        public static final Empty RXATTRCREATE = new Empty(MessageType.RXATTRCREATE);
        public static final Empty RFSYNC = new Empty(MessageType.RFSYNC);
        public static final Empty RLINK = new Empty(MessageType.RLINK);
        public static final Empty RRENAMEAT = new Empty(MessageType.RRENAMEAT);
        public static final Empty RUNLINKAT = new Empty(MessageType.RUNLINKAT);
        public static final Empty RFLUSH = new Empty(MessageType.RFLUSH);
        public static final Empty RCLUNK = new Empty(MessageType.RCLUNK);
        public static final Empty RREMOVE = new Empty(MessageType.RREMOVE);

        @Override
        public int bodyBytesMax() {
            return 0;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            // Nothing but the header.
        }
    }

    /** Rsymlink, Rmknod, Rmkdir and Rattach: the file that a name now leads to. */
    record Named(MessageType type, Qid qid) implements Rmessage {
        @Override
        public int bodyBytesMax() {
            return Qid.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            qid.writeTo(out);
        }
    }

    /**
     * Rlopen and Rlcreate.
     *
     * @param ioUnit maximum bytes of one read or write; 0 for as many as fit the message size
     */
    record Opened(MessageType type, Qid qid, int ioUnit) implements Rmessage {
        @Override
        public int bodyBytesMax() {
            return Qid.BYTES + Integer.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            qid.writeTo(out);
            out.writeU32(ioUnit);
        }
    }

    /**
     * Rread and Rreaddir.
     *
     * @param bytes the reply, owned, with room for header and count before the data ({@link MessageHeader#DATA_OFFSET}).
     *     Reads fill it and the socket sends it, without a copy.
     */
    record Data(MessageType type, ByteBuf bytes) implements Rmessage {
        @Override
        public int bodyBytesMax() {
            return bytes.writerIndex() - MessageHeader.HEADER_BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            bytes.setIntLE(MessageHeader.HEADER_BYTES, bytes.writerIndex() - MessageHeader.DATA_OFFSET);
        }
    }

    record Rlerror(int errno) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RLERROR;
        }

        @Override
        public int bodyBytesMax() {
            return Integer.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU32(errno);
        }
    }

    record Rversion(int msize, byte[] version) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RVERSION;
        }

        @Override
        public int bodyBytesMax() {
            return Integer.BYTES + Short.BYTES + version.length;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU32(msize).writeString(version);
        }
    }

    record Rwalk(List<Qid> qids) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RWALK;
        }

        @Override
        public int bodyBytesMax() {
            return Short.BYTES + qids.size() * Qid.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU16(qids.size());
            for (Qid qid : qids) {
                qid.writeTo(out);
            }
        }
    }

    record Rwrite(int count) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RWRITE;
        }

        @Override
        public int bodyBytesMax() {
            return Integer.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU32(count);
        }
    }

    record Rreadlink(byte[] target) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RREADLINK;
        }

        @Override
        public int bodyBytesMax() {
            return Short.BYTES + target.length;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeString(target);
        }
    }

    record Rxattrwalk(long size) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RXATTRWALK;
        }

        @Override
        public int bodyBytesMax() {
            return Long.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU64(size);
        }
    }

    record Rlock(LockStatus status) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RLOCK;
        }

        @Override
        public int bodyBytesMax() {
            return Byte.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU8(status.ordinal());
        }
    }

    /** The conflicting lock, or the range and owner of the request with {@link LockType#UNLOCK} if there is none. */
    record Rgetlock(LockType lock, LockRange range, LockOwner owner) implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RGETLOCK;
        }

        @Override
        public int bodyBytesMax() {
            return Byte.BYTES + 2 * Long.BYTES + Integer.BYTES + Short.BYTES + owner.client().length;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU8(lock.ordinal()).writeU64(range.start()).writeU64(range.length());
            out.writeU32(owner.process()).writeString(owner.client());
        }
    }

    /**
     * Rstatfs.
     *
     * @param fileSystem magic number of the file system's type
     */
    record Rstatfs(
            int fileSystem,
            int blockBytes,
            long blocks,
            long blocksFree,
            long blocksAvailable,
            long files,
            long filesFree,
            long id,
            int nameBytesMax)
            implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RSTATFS;
        }

        @Override
        public int bodyBytesMax() {
            return 3 * Integer.BYTES + 6 * Long.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU32(fileSystem).writeU32(blockBytes);
            out.writeU64(blocks).writeU64(blocksFree).writeU64(blocksAvailable);
            out.writeU64(files).writeU64(filesFree).writeU64(id).writeU32(nameBytesMax);
        }
    }

    /**
     * Rgetattr.
     *
     * @param valid bits of {@link GetattrMask} for the components that the client may use
     * @param mode permission bits and the kind of file, as in {@code st_mode}
     * @param device device number in Linux's 32-bit encoding (new_encode_dev)
     * @param blocks number of blocks of 512 bytes
     */
    record Rgetattr(
            long valid,
            Qid qid,
            int mode,
            int uid,
            int gid,
            long links,
            long device,
            long size,
            long blockBytes,
            long blocks,
            WireTime accessed,
            WireTime modified,
            WireTime changed,
            WireTime created,
            long generation,
            long dataVersion)
            implements Rmessage {
        @Override
        public MessageType type() {
            return MessageType.RGETATTR;
        }

        @Override
        public int bodyBytesMax() {
            return Qid.BYTES + 3 * Integer.BYTES + 16 * Long.BYTES;
        }

        @Override
        public void writeBody(LittleEndianWriter out) {
            out.writeU64(valid);
            qid.writeTo(out);
            out.writeU32(mode).writeU32(uid).writeU32(gid);
            out.writeU64(links)
                    .writeU64(device)
                    .writeU64(size)
                    .writeU64(blockBytes)
                    .writeU64(blocks);
            for (WireTime time : List.of(accessed, modified, changed, created)) {
                out.writeU64(time.seconds()).writeU64(time.nanos());
            }
            out.writeU64(generation).writeU64(dataVersion);
        }
    }
}
