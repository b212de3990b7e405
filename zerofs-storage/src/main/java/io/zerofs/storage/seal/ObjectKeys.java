// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.core.secret.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;

/**
 * The keys of one volume. Derives the key of each object from the data key. Closing it overwrites the data key; after that
 * it derives no key. Thread-safe.
 */
public final class ObjectKeys implements AutoCloseable {
    private static final String PREFIX = "zerofs/1/";

    private final Secret dataKey;
    private final UUID volume;
    private final Aead aead;

    /** Takes ownership of the data key. */
    public ObjectKeys(Secret dataKey, UUID volume, Aead aead) {
        if (dataKey.borrowBytes().length != Aead.KEY_BYTES) {
            throw new IllegalArgumentException("a data key has " + Aead.KEY_BYTES + " bytes");
        }
        this.dataKey = dataKey;
        this.volume = volume;
        this.aead = aead;
    }

    public UUID volume() {
        return volume;
    }

    /**
     * Returns the cipher of one object. Costs a few µs: keep it for more than one piece.
     *
     * @param object its name, for messages
     */
    public ObjectCipher cipher(ObjectHeader header, String object) {
        return new ObjectCipher(
                aead,
                derive(header.kind().purpose(), header.salt()),
                new ObjectCipher.Identity(volume, header, object));
    }

    /** Returns the key for digests of tables. Digests have a key so that a table's name reveals nothing about its content. */
    public SecretKey tableDigestKey() {
        return new SecretKeySpec(expand("table digest", Salt.NONE), "HmacSHA256");
    }

    private SecretKey derive(String purpose, Salt salt) {
        return new SecretKeySpec(expand(purpose, salt), "ChaCha20");
    }

    /** HKDF-SHA-256, RFC 5869. */
    private byte[] expand(String purpose, Salt salt) {
        HKDFBytesGenerator hkdf = new HKDFBytesGenerator(SHA256Digest.newInstance());
        byte[] info = (PREFIX + purpose).getBytes(StandardCharsets.US_ASCII);
        // A copy, so that a thread that still works during the close fails and never seals with half a key.
        byte[] secret = dataKey.bytes();
        hkdf.init(new HKDFParameters(secret, salt.borrowBytes(), info));
        Arrays.fill(secret, (byte) 0);
        byte[] key = new byte[Aead.KEY_BYTES];
        hkdf.generateBytes(key, 0, key.length);
        return key;
    }

    @Override
    public void close() {
        dataKey.close();
    }

    @Override
    public String toString() {
        return "ObjectKeys(" + volume + ", redacted)";
    }
}
