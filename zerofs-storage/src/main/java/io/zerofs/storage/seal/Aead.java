// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import java.nio.ByteBuffer;
import javax.crypto.AEADBadTagException;
import javax.crypto.SecretKey;

/**
 * ChaCha20-Poly1305 (RFC 8439): one message under one key and nonce. Every implementation makes the same bytes.
 * Thread-safe.
 */
public interface Aead {
    int KEY_BYTES = 32;
    int NONCE_BYTES = 12;
    int TAG_BYTES = 16;

    /**
     * Writes the ciphertext and then the tag. Both buffers advance; they must not overlap. Sealing different bytes
     * under one key and nonce breaks both: the caller must never do it.
     */
    void seal(Message message, ByteBuffer plain, ByteBuffer sealed);

    /**
     * Checks the tag, then writes the plain bytes. Both buffers advance.
     *
     * @throws AEADBadTagException the bytes, the nonce or the associated data are not those that were sealed
     */
    void open(Message message, ByteBuffer sealed, ByteBuffer plain) throws AEADBadTagException;

    /** Returns the fastest implementation on this Java runtime and processor. */
    static Aead fastest() {
        return JcaAead.fastest();
    }

    /**
     * The parameters of a message besides its bytes. The arrays are not copied.
     *
     * @param nonce unique per key
     * @param associated bytes that are authenticated and not stored
     */
    record Message(SecretKey key, byte[] nonce, byte[] associated) {
        @Override
        public String toString() {
            return "Message(redacted)";
        }
    }
}
