// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.zerofs.server.bytes.LittleEndianWriter;

/**
 * The server's identity of a file: {@code u8 type, u32 version, u64 path}.
 *
 * @param type {@link #DIRECTORY}, {@link #SYMLINK} or {@link #FILE}
 * @param version for Linux, files of different versions are different files; 0 means no version
 * @param path equal for two fids exactly if they are the same file
 */
public record Qid(int type, int version, long path) {
    public static final int DIRECTORY = 0x80;
    public static final int SYMLINK = 0x02;
    public static final int FILE = 0x00;

    public static final int BYTES = Byte.BYTES + Integer.BYTES + Long.BYTES;

    void writeTo(LittleEndianWriter out) {
        out.writeU8(type).writeU32(version).writeU64(path);
    }
}
