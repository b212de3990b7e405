// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.sorting.SortedRows;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Finds the paths of files on a volume that may be damaged. Used by one thread. */
public final class FilePaths {
    private static final int DEPTH_MAX = 4096;

    private final Volume volume;
    private final SortedRows names;

    /** @param names inode, directory, cookie and kind of each name */
    FilePaths(Volume volume, SortedRows names) {
        this.volume = volume;
        this.names = names;
    }

    /** Returns a path of a file in printable characters, or its number if no names lead to it from the root. */
    public String of(long inode) throws VolumeException, IOException {
        StringBuilder path = new StringBuilder();
        long at = inode;
        for (int depth = 0; at != InodeId.ROOT_NUMBER; depth++) {
            try (SortedRows.Scan name = names.scanFrom(at)) {
                if (depth == DEPTH_MAX || !name.next() || name.get(0) != at) {
                    return "inode " + inode + (path.length() == 0 ? "" : " (.." + path + ")");
                }
                path.insert(0, "/" + text(name.get(1), name.get(2)));
                at = name.get(1);
            }
        }
        return path.length() == 0 ? "/" : path.toString();
    }

    /** Returns the size of a file in bytes; -1 if its record is missing or unreadable. */
    public long sizeOf(long inode) throws VolumeException {
        byte[] value = volume.get(Keys.inode(inode));
        try {
            return value == null ? -1 : InodeCodec.decode(inode, value).size();
        } catch (RecordFormatException e) {
            return -1;
        }
    }

    /** Returns a directory that has a name of this inode; 0 if there is none. */
    long directoryOf(long inode) throws IOException {
        try (SortedRows.Scan name = names.scanFrom(inode)) {
            return name.next() && name.get(0) == inode ? name.get(1) : 0;
        }
    }

    private String text(long directory, long cookie) throws VolumeException {
        byte[] listing = volume.get(Keys.listing(directory, cookie));
        try {
            return listing == null
                    ? "?"
                    : printable(EntryRecord.decodeByCookie(cookie, listing).name());
        } catch (RecordFormatException e) {
            return "?";
        }
    }

    /** Returns a name with control characters, backslashes, and bytes that are no UTF-8 written as \xNN. */
    static String printable(FileName name) {
        byte[] bytes = name.toBytes();
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            text = null;
        }
        StringBuilder printed = new StringBuilder();
        for (int i = 0; i < (text == null ? bytes.length : text.length()); i++) {
            int c = text == null ? bytes[i] & 0xff : text.charAt(i);
            boolean plain =
                    c >= ' ' && c != '\\' && c != 0x7f && (text == null ? c < 0x7f : !Character.isISOControl(c));
            printed.append(plain ? String.valueOf((char) c) : String.format("\\x%02x", c));
        }
        return printed.toString();
    }
}
