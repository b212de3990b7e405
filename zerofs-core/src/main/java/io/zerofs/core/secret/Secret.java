// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.secret;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/**
 * A password or key that must not reach a log, an exception text or a {@code toString}. Its owner may close it, which
 * overwrites the bytes; do not use it afterwards. Otherwise immutable.
 */
public final class Secret implements AutoCloseable {
    private final byte[] bytes;
    private boolean closed;

    private Secret(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Makes a secret from the UTF-8 bytes of a text, without trimming or normalisation. */
    public static Secret of(String text) {
        return new Secret(Objects.requireNonNull(text).getBytes(StandardCharsets.UTF_8));
    }

    public static Secret of(byte[] bytes) {
        return new Secret(bytes.clone());
    }

    /** Takes ownership of the array: closing the secret overwrites it. */
    public static Secret owning(byte[] bytes) {
        return new Secret(bytes);
    }

    /** Returns a copy that the caller may erase after use. It is whole, even while another thread closes the secret. */
    public synchronized byte[] bytes() {
        return borrowBytes().clone();
    }

    /** Returns the text, for libraries that accept nothing else. */
    public String reveal() {
        return new String(borrowBytes(), StandardCharsets.UTF_8);
    }

    /** Returns the bytes themselves. Do not change or keep them, or use them while another thread may close the secret. */
    public synchronized byte[] borrowBytes() {
        if (closed) {
            throw new IllegalStateException("the secret is closed");
        }
        return bytes;
    }

    @Override
    public synchronized void close() {
        closed = true;
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && MessageDigest.isEqual(bytes, secret.bytes);
    }

    /** Returns the same hash for all secrets, so that it reveals nothing. */
    @Override
    public int hashCode() {
        return Secret.class.hashCode();
    }

    @Override
    public String toString() {
        return "Secret[redacted]";
    }
}
