// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.XdrWriter;

/**
 * fattr3 (RFC 1813 §2.6): the attributes of a file.
 *
 * @param type kind of file
 * @param mode permission bits, 07777
 * @param links hard links
 * @param uid owner, unsigned
 * @param gid group, unsigned
 * @param size bytes, unsigned
 * @param used bytes of storage, unsigned
 * @param deviceMajor of a device, else 0
 * @param deviceMinor of a device, else 0
 * @param fileSystemId the same for all files of a volume
 * @param fileId inode number
 * @param accessed atime
 * @param modified mtime
 * @param changed ctime
 */
public record Fattr3(
        FileType3 type,
        int mode,
        int links,
        int uid,
        int gid,
        long size,
        long used,
        int deviceMajor,
        int deviceMinor,
        long fileSystemId,
        long fileId,
        NfsTime3 accessed,
        NfsTime3 modified,
        NfsTime3 changed) {
    public static final int BYTES = 84;

    void write(XdrWriter out) {
        out.writeInt(type.code()).writeInt(mode).writeInt(links).writeInt(uid).writeInt(gid);
        out.writeLong(size).writeLong(used).writeInt(deviceMajor).writeInt(deviceMinor);
        out.writeLong(fileSystemId).writeLong(fileId);
        accessed.write(out);
        modified.write(out);
        changed.write(out);
    }

    /** Writes a post_op_attr: the attributes, or that there are none if null. */
    static void writeOptional(XdrWriter out, Fattr3 attributes) {
        out.writeBoolean(attributes != null);
        if (attributes != null) {
            attributes.write(out);
        }
    }

    /** Returns the bytes of a post_op_attr. */
    static int optionalBytes(Fattr3 attributes) {
        return Integer.BYTES + (attributes == null ? 0 : BYTES);
    }
}
