// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** The compression of a page before it is sealed. The code is before the sealed bytes of each page. Thread-safe. */
public enum Compression {
    NONE(0),
    /** The LZ4 block format. */
    LZ4(1);

    /** Largest page that is compressed. */
    public static final int PAGE_BYTES_MAX = 64 * 1024;

    /** A page that saves less than this part is stored plain, because unpacking would cost more than the bytes. */
    private static final int SAVING_DIVISOR = 64;

    private static final LZ4Compressor COMPRESSOR = LZ4Factory.fastestInstance().fastCompressor();
    private static final LZ4SafeDecompressor DECOMPRESSOR =
            LZ4Factory.fastestInstance().safeDecompressor();
    private static final ThreadLocal<byte[]> SCRATCH =
            ThreadLocal.withInitial(() -> new byte[COMPRESSOR.maxCompressedLength(PAGE_BYTES_MAX)]);

    private final int code;

    Compression(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Returns the codec with this code, or null. */
    static Compression ofCode(int code) {
        return switch (code) {
            case 0 -> NONE;
            case 1 -> LZ4;
            default -> null;
        };
    }

    /** Packs the remaining bytes of the buffer and leaves its position unchanged. A plain result shares the bytes. */
    public CodedPage pack(ByteBuffer plain) {
        int length = plain.remaining();
        if (this == NONE || length == 0) {
            return new CodedPage(NONE, plain.duplicate());
        }
        byte[] scratch = SCRATCH.get();
        ByteBuffer target = ByteBuffer.wrap(scratch);
        COMPRESSOR.compress(plain.duplicate(), target);
        int packed = target.position();
        if (packed >= length - length / SAVING_DIVISOR) {
            return new CodedPage(NONE, plain.duplicate());
        }
        byte[] copy = new byte[packed];
        System.arraycopy(scratch, 0, copy, 0, packed);
        return new CodedPage(LZ4, ByteBuffer.wrap(copy));
    }

    /** Returns room for a packed page, which the thread's next {@link #pack} or call of this method overwrites. */
    static ByteBuffer scratch(int packedLength) {
        return ByteBuffer.wrap(SCRATCH.get(), 0, packedLength);
    }

    /**
     * Unpacks all of {@code packed} into {@code plain}, never beyond its limit; advances {@code plain}.
     *
     * @return false if the bytes are no valid packing or need more room
     */
    boolean unpack(ByteBuffer packed, ByteBuffer plain) {
        switch (this) {
            case NONE -> {
                if (packed.remaining() > plain.remaining()) {
                    return false;
                }
                plain.put(packed);
            }
            case LZ4 -> {
                try {
                    DECOMPRESSOR.decompress(packed, plain);
                } catch (LZ4Exception e) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * A page before encryption.
     *
     * @param bytes the bytes from position to limit; must not be changed
     */
    public record CodedPage(Compression codec, ByteBuffer bytes) {
        /** Returns the bytes of the page in the object. */
        public int storedLength() {
            return ObjectCipher.PIECE_OVERHEAD_BYTES + bytes.remaining();
        }
    }
}
