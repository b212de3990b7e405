// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;

/**
 * One name in a directory, stored twice: the record by name has the cookie, the record by cookie has the name.
 *
 * <pre>
 * by name:   u8 version = 1 | u8 kind | varint inode | varint cookie
 * by cookie: u8 version = 1 | u8 kind | varint inode | name
 * </pre>
 *
 * @param name the name
 * @param cookie position in listings
 * @param inode inode number
 * @param kind kind of file
 */
public record EntryRecord(FileName name, long cookie, long inode, FileKind kind) {
    private static final int VERSION = 1;
    private static final int USUAL_BYTES = 12;

    public byte[] encodeByName() {
        return head(USUAL_BYTES).varint(cookie).toBytes();
    }

    public byte[] encodeByCookie() {
        return head(USUAL_BYTES + name.length()).bytes(name.toBytes()).toBytes();
    }

    public static EntryRecord decodeByName(FileName name, byte[] value) throws RecordFormatException {
        RecordReader in = new RecordReader(value, VERSION);
        FileKind kind = FileKinds.ofCode(in.u8());
        long inode = in.varint();
        long cookie = in.varint();
        in.finish();
        return new EntryRecord(name, cookie, inode, kind);
    }

    public static EntryRecord decodeByCookie(long cookie, byte[] value) throws RecordFormatException {
        RecordReader in = new RecordReader(value, VERSION);
        FileKind kind = FileKinds.ofCode(in.u8());
        long inode = in.varint();
        byte[] name = in.rest();
        in.finish();
        return new EntryRecord(Names.decode(name), cookie, inode, kind);
    }

    private RecordWriter head(int bytes) {
        return new RecordWriter(bytes).u8(VERSION).u8(FileKinds.code(kind)).varint(inode);
    }
}
