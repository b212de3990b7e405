// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Timestamp;

/**
 * Encodes and decodes inode records. A fixed head, then variable-length numbers by kind:
 *
 * <pre>
 * u8 version = 1 | u8 kind | u16 mode | u16 links | u32 uid | u32 gid
 * atime, mtime, ctime, birth: each i64 seconds, u32 nanoseconds
 * varint generation | varint xattrListBytes
 * regular:    varint size | varint chunks | u8 flags
 *             [flags &amp; 1: u64 verifier] [flags &amp; 2: varint first, varint end, varint serial]
 *             [flags &amp; 4: varint dead]
 * directory:  varint parent | varint nextCookie | varint entries
 * symlink:    target
 * devices:    varint major | varint minor
 * </pre>
 */
public final class InodeCodec {
    private static final int VERSION = 1;
    private static final int NANOS_MAX = 999_999_999;
    private static final int FLAG_VERIFIER = 1;
    private static final int FLAG_TRUNCATED = 2;
    private static final int FLAG_DEAD = 4;
    private static final int HEAD_BYTES = 1 + 1 + 2 + 2 + 4 + 4 + 4 * (8 + 4);
    private static final int USUAL_TAIL_BYTES = 34;

    private InodeCodec() {}

    public static byte[] encode(InodeRecord inode) {
        RecordWriter out = new RecordWriter(HEAD_BYTES + USUAL_TAIL_BYTES);
        out.u8(VERSION).u8(FileKinds.code(inode.kind())).u16(inode.mode()).u16(inode.links());
        out.u32(inode.uid()).u32(inode.gid());
        writeTime(out, inode.times().accessed());
        writeTime(out, inode.times().modified());
        writeTime(out, inode.times().changed());
        writeTime(out, inode.times().created());
        out.varint(inode.id().generation()).varint(inode.xattrListBytes());
        InodeContent content = inode.content();
        if (content instanceof InodeContent.File file) {
            writeFile(out, file);
        } else if (content instanceof InodeContent.Directory directory) {
            out.varint(directory.parent()).varint(directory.nextCookie()).varint(directory.entries());
        } else if (content instanceof InodeContent.Symlink symlink) {
            out.bytes(symlink.target());
        } else if (content instanceof InodeContent.Device device) {
            out.varint(device.number().major() & 0xffffffffL)
                    .varint(device.number().minor() & 0xffffffffL);
        }
        return out.toBytes();
    }

    public static InodeRecord decode(long number, byte[] bytes) throws RecordFormatException {
        RecordReader in = new RecordReader(bytes, VERSION);
        FileKind kind = FileKinds.ofCode(in.u8());
        int mode = in.u16();
        int links = in.u16();
        int uid = in.u32();
        int gid = in.u32();
        InodeRecord.Times times = new InodeRecord.Times(readTime(in), readTime(in), readTime(in), readTime(in));
        long generation = in.varint();
        int xattrListBytes = (int) in.varint();
        InodeContent content = switch (kind) {
            case REGULAR -> readFile(in);
            case DIRECTORY -> new InodeContent.Directory(in.varint(), in.varint(), in.varint());
            case SYMLINK -> new InodeContent.Symlink(in.rest());
            case CHARACTER_DEVICE, BLOCK_DEVICE ->
                new InodeContent.Device(new DeviceNumber((int) in.varint(), (int) in.varint()));
            case FIFO, SOCKET -> InodeContent.None.INSTANCE;
        };
        if (mode > Attributes.PERMISSION_BITS) {
            in.refuse();
        }
        in.finish();
        InodeId id = new InodeId(number, generation);
        return new InodeRecord(id, kind, mode, links, uid, gid, xattrListBytes, times, content);
    }

    private static void writeFile(RecordWriter out, InodeContent.File file) {
        out.varint(file.size()).varint(file.chunks());
        TruncatedTail pendingTruncation = file.pendingTruncation();
        boolean dead = pendingTruncation != null && pendingTruncation.dead() != 0;
        out.u8((file.verifier() == null ? 0 : FLAG_VERIFIER)
                | (pendingTruncation == null ? 0 : FLAG_TRUNCATED)
                | (dead ? FLAG_DEAD : 0));
        if (file.verifier() != null) {
            out.u64(file.verifier());
        }
        if (pendingTruncation != null) {
            out.varint(pendingTruncation.first())
                    .varint(pendingTruncation.end())
                    .varint(pendingTruncation.serial());
        }
        if (dead) {
            out.varint(pendingTruncation.dead());
        }
    }

    private static InodeContent.File readFile(RecordReader in) {
        long size = in.varint();
        long chunks = in.varint();
        int flags = in.u8();
        Long verifier = (flags & FLAG_VERIFIER) == 0 ? null : Long.valueOf(in.u64());
        TruncatedTail pendingTruncation = null;
        if ((flags & FLAG_TRUNCATED) != 0) {
            pendingTruncation = new TruncatedTail(
                    in.varint(), in.varint(), in.varint(), (flags & FLAG_DEAD) == 0 ? 0 : in.varint());
        }
        if ((flags & ~(FLAG_VERIFIER | FLAG_TRUNCATED | FLAG_DEAD)) != 0
                || (flags & (FLAG_TRUNCATED | FLAG_DEAD)) == FLAG_DEAD) {
            in.refuse();
        }
        return new InodeContent.File(size, chunks, verifier, pendingTruncation);
    }

    private static void writeTime(RecordWriter out, Timestamp time) {
        out.u64(time.seconds()).u32(time.nanos());
    }

    private static Timestamp readTime(RecordReader in) {
        long seconds = in.u64();
        int nanos = in.u32();
        if (nanos < 0 || nanos > NANOS_MAX) {
            in.refuse();
            nanos = 0;
        }
        return new Timestamp(seconds, nanos);
    }
}
