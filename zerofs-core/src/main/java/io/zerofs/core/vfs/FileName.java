// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One component of a path: 1 to 255 arbitrary bytes without {@code /} and NUL. The file system never decodes them.
 * Immutable.
 *
 * <p>{@code .} and {@code ..} are names too; {@link VirtualFileSystem#lookup} resolves them, and every operation that
 * changes a directory refuses them.
 */
public final class FileName implements Comparable<FileName> {
    /** Maximum length of a name in bytes (NAME_MAX). */
    public static final int BYTES_MAX = 255;

    /** The directory itself, and its parent. */
    public static final FileName DOT = new FileName(new byte[] {'.'});

    public static final FileName DOT_DOT = new FileName(new byte[] {'.', '.'});

    private final byte[] bytes;

    private FileName(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Makes a name from a copy of these bytes.
     *
     * @throws FsException INVALID if empty or with a slash or NUL, NAME_TOO_LONG beyond {@link #BYTES_MAX}
     */
    public static FileName of(byte[] bytes) throws FsException {
        if (bytes.length > BYTES_MAX) {
            throw FsError.NAME_TOO_LONG.exception();
        }
        if (bytes.length == 0) {
            throw FsError.INVALID.exception();
        }
        for (byte b : bytes) {
            if (b == '/' || b == 0) {
                throw FsError.INVALID.exception();
            }
        }
        return new FileName(bytes.clone());
    }

    /** Makes a name from the UTF-8 bytes of a text; see {@link #of(byte[])}. */
    public static FileName of(String text) throws FsException {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a copy of the bytes. */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /** Copies the bytes into an array. */
    public void copyTo(byte[] destination, int offset) {
        System.arraycopy(bytes, 0, destination, offset, bytes.length);
    }

    /** Returns the length in bytes, 1 to 255. */
    public int length() {
        return bytes.length;
    }

    public boolean isDot() {
        return bytes.length == 1 && bytes[0] == '.';
    }

    public boolean isDotDot() {
        return bytes.length == 2 && bytes[0] == '.' && bytes[1] == '.';
    }

    @Override
    public int compareTo(FileName other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FileName name && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Returns the text, only for logs of our own tests: names are user data and stay out of production logs. */
    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
