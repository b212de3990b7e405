// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/** 32 random bytes that no other object has. They make the object's key and identify the object. */
public final class Salt {
    public static final int BYTES = 32;

    /** All zeros: the salt of the missing predecessor of the first commit. */
    public static final Salt NONE = new Salt(new byte[BYTES]);

    private final byte[] bytes;

    private Salt(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Draws a salt. In production the generator is a {@link java.security.SecureRandom}. */
    public static Salt random(RandomGenerator random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new Salt(bytes);
    }

    /** Reads {@link #BYTES} bytes and advances the buffer. */
    public static Salt read(ByteBuffer from) {
        byte[] bytes = new byte[BYTES];
        from.get(bytes);
        return new Salt(bytes);
    }

    public static Salt read(ByteReader from) throws CorruptObjectException {
        return new Salt(from.bytes(BYTES));
    }

    public void write(ByteBuffer to) {
        to.put(bytes);
    }

    public void write(ByteWriter to) {
        to.bytes(bytes);
    }

    byte[] borrowBytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Salt salt && Arrays.equals(bytes, salt.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Returns the first eight digits, which distinguish objects in a message. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes, 0, 4);
    }
}
