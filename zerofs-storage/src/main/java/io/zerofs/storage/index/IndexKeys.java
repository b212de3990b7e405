// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import java.nio.ByteBuffer;

/**
 * The keys of the engine. All begin with a kind byte of 0x80 or more. Numbers are big-endian so that they sort. A kind byte
 * never gets a second meaning.
 *
 * <pre>
 * 0x80 inode:u64 chunk:u64      chunk entry
 * 0x81 seq:u64 firstSlot:u32    frame table of a commit, one block of slots
 * 0x82 victim:u64 seq:u64       death record: slots of commit victim that lost their reference in commit seq
 * </pre>
 */
public final class IndexKeys {
    public static final byte CHUNK = (byte) 0x80;
    public static final byte FRAMES = (byte) 0x81;
    public static final byte DEATHS = (byte) 0x82;

    private static final int CHUNK_KEY_BYTES = 1 + Long.BYTES + Long.BYTES;
    private static final int FRAMES_KEY_BYTES = 1 + Long.BYTES + Integer.BYTES;
    private static final int CHUNK_INDEX_OFFSET = 1 + Long.BYTES;

    private IndexKeys() {}

    public static byte[] chunk(long inode, long index) {
        return pair(CHUNK, inode, index);
    }

    /** Returns the chunk index in a key made by {@link #chunk}. */
    public static long chunkIndex(byte[] key) {
        return ByteBuffer.wrap(key).getLong(CHUNK_INDEX_OFFSET);
    }

    /** Returns the inode in a key made by {@link #chunk}. */
    public static long chunkInode(byte[] key) {
        return ByteBuffer.wrap(key).getLong(1);
    }

    /** Returns the commit in which the slots died, in a key made by {@link #dead frames}. */
    public static long deathSeq(byte[] key) {
        return chunkIndex(key);
    }

    public static byte[] frames(long seq, int firstSlot) {
        return ByteBuffer.allocate(FRAMES_KEY_BYTES)
                .put(FRAMES)
                .putLong(seq)
                .putInt(firstSlot)
                .array();
    }

    public static byte[] deadFrames(long victim, long seq) {
        return pair(DEATHS, victim, seq);
    }

    /** Returns the end of scans of one kind. */
    public static byte[] kindEnd(byte kind) {
        return new byte[] {(byte) (kind + 1)};
    }

    private static byte[] pair(byte kind, long first, long second) {
        return ByteBuffer.allocate(CHUNK_KEY_BYTES)
                .put(kind)
                .putLong(first)
                .putLong(second)
                .array();
    }
}
