// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.KeyRange;
import java.util.Arrays;

/**
 * The keys of a volume below 0x80: a kind byte, then numbers, big-endian, then a name. A kind byte never gets a second
 * meaning.
 *
 * <pre>
 * 01                              superblock
 * 02                              counters
 * 03                              secret
 * 10 | inode u48                  inode record
 * 11 | directory u48 | name       entry by name
 * 12 | directory u48 | cookie u64 entry by cookie
 * 13 | inode u48 | name           extended attribute
 * 14 | inode u48                  orphan: an inode without a name that a client holds or held
 * 15 | inode u48                  tombstone: an inode with chunks or extended attributes to remove
 * 16 | inode u48 | chunk u64      chunk of a shrunk file that was written again
 * </pre>
 */
public final class Keys {
    private static final byte SUPERBLOCK = 0x01;
    private static final byte COUNTERS = 0x02;
    private static final byte SECRET = 0x03;
    private static final byte INODE = 0x10;
    private static final byte ENTRY = 0x11;
    private static final byte LISTING = 0x12;
    private static final byte XATTR = 0x13;
    private static final byte ORPHAN = 0x14;
    private static final byte TOMBSTONE = 0x15;
    private static final byte REWRITTEN = 0x16;

    private static final int KIND_BYTES = 1;
    private static final int INODE_BYTES = 6;
    private static final int INODE_OFFSET = KIND_BYTES;
    private static final int TAIL_OFFSET = INODE_OFFSET + INODE_BYTES;

    private Keys() {}

    public static byte[] superblock() {
        return new byte[] {SUPERBLOCK};
    }

    public static byte[] counters() {
        return new byte[] {COUNTERS};
    }

    public static byte[] secret() {
        return new byte[] {SECRET};
    }

    public static byte[] inode(long inode) {
        return ofInode(INODE, inode, 0);
    }

    public static byte[] entry(long directory, FileName name) {
        return named(ENTRY, directory, name);
    }

    public static byte[] listing(long directory, long cookie) {
        return numbered(LISTING, directory, cookie);
    }

    /** Returns the range of the entries of a directory from one cookie up to, but not including, another. */
    public static KeyRange listings(long directory, long from, long end) {
        return new KeyRange(listing(directory, from), listing(directory, end));
    }

    public static byte[] xattr(long inode, FileName name) {
        return named(XATTR, inode, name);
    }

    public static KeyRange xattrs(long inode) {
        return ofInodes(XATTR, inode);
    }

    public static byte[] orphan(long inode) {
        return ofInode(ORPHAN, inode, 0);
    }

    /** Returns the range of orphans from this inode number on. */
    public static KeyRange orphansFrom(long inode) {
        return new KeyRange(orphan(inode), new byte[] {ORPHAN + 1});
    }

    public static byte[] tombstone(long inode) {
        return ofInode(TOMBSTONE, inode, 0);
    }

    /** Returns the range of tombstones from this inode number on. */
    public static KeyRange tombstonesFrom(long inode) {
        return new KeyRange(tombstone(inode), new byte[] {TOMBSTONE + 1});
    }

    public static byte[] rewritten(long inode, long chunk) {
        return numbered(REWRITTEN, inode, chunk);
    }

    /** Returns the range of marks of rewritten chunks with first &le; index &lt; end. */
    public static KeyRange rewritten(long inode, long first, long end) {
        return new KeyRange(rewritten(inode, first), rewritten(inode, end));
    }

    /** Returns the range of all inode records. */
    public static KeyRange allInodes() {
        return new KeyRange(new byte[] {INODE}, new byte[] {INODE + 1});
    }

    /** Returns the range of all entries by name. */
    public static KeyRange allEntries() {
        return new KeyRange(new byte[] {ENTRY}, new byte[] {ENTRY + 1});
    }

    /** Returns the range of all entries by cookie. */
    public static KeyRange allListings() {
        return new KeyRange(new byte[] {LISTING}, new byte[] {LISTING + 1});
    }

    /** Returns the range of all entries by name of these directories. */
    public static KeyRange entries(long firstDirectory, long lastDirectory) {
        return new KeyRange(ofInode(ENTRY, firstDirectory, 0), after(ENTRY, lastDirectory));
    }

    /** Returns the range of all entries by cookie of these directories. */
    public static KeyRange listings(long firstDirectory, long lastDirectory) {
        return new KeyRange(ofInode(LISTING, firstDirectory, 0), after(LISTING, lastDirectory));
    }

    /** Returns the range of all extended attributes. */
    public static KeyRange allXattrs() {
        return new KeyRange(new byte[] {XATTR}, new byte[] {XATTR + 1});
    }

    /** Returns the range of all marks of rewritten chunks. */
    public static KeyRange allRewritten() {
        return new KeyRange(new byte[] {REWRITTEN}, new byte[] {REWRITTEN + 1});
    }

    /** Returns the inode number in a key of any kind from 0x10 on. */
    public static long inodeOf(byte[] key) throws RecordFormatException {
        requireBytes(key, TAIL_OFFSET);
        return BigEndian.getU48(key, INODE_OFFSET);
    }

    /** Returns the cookie or chunk index at the end of a key. */
    public static long numberOf(byte[] key) throws RecordFormatException {
        requireBytes(key, TAIL_OFFSET + Long.BYTES);
        return BigEndian.getLong(key, TAIL_OFFSET);
    }

    /** Returns the name at the end of a key. */
    public static FileName nameOf(byte[] key) throws RecordFormatException {
        return Names.decode(Arrays.copyOfRange(key, Math.min(TAIL_OFFSET, key.length), key.length));
    }

    private static void requireBytes(byte[] key, int count) throws RecordFormatException {
        if (key.length < count) {
            throw new RecordFormatException("key of " + key.length + " bytes");
        }
    }

    private static KeyRange ofInodes(byte kind, long inode) {
        return new KeyRange(ofInode(kind, inode, 0), after(kind, inode));
    }

    /** Returns the first key after all keys of this kind and inode. */
    private static byte[] after(byte kind, long inode) {
        return inode == InodeId.NUMBER_MAX ? new byte[] {(byte) (kind + 1)} : ofInode(kind, inode + 1, 0);
    }

    private static byte[] ofInode(byte kind, long inode, int tailBytes) {
        byte[] key = new byte[TAIL_OFFSET + tailBytes];
        key[0] = kind;
        BigEndian.putU48(key, INODE_OFFSET, inode);
        return key;
    }

    private static byte[] numbered(byte kind, long inode, long number) {
        byte[] key = ofInode(kind, inode, Long.BYTES);
        BigEndian.putLong(key, TAIL_OFFSET, number);
        return key;
    }

    private static byte[] named(byte kind, long inode, FileName name) {
        byte[] key = ofInode(kind, inode, name.length());
        name.copyTo(key, TAIL_OFFSET);
        return key;
    }
}
