// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import java.util.random.RandomGenerator;
import javax.crypto.AEADBadTagException;
import javax.crypto.spec.SecretKeySpec;

/**
 * The data key of a volume, wrapped with a password. The wrapping authenticates the rest of the slot, the volume's UUID and
 * the format.
 *
 * <pre>
 *  0        4       5          8            12           16      20     52        100
 *  +--------+-------+----------+------------+------------+-------+------+---------+
 *  | u32    | u8 1  | u8[3] 0  | u32        | u32        | u32   | 32   | 48      |
 *  | key id | kdf   | reserved | memory KiB | iterations | lanes | salt | wrapped |
 *  +--------+-------+----------+------------+------------+-------+------+---------+
 * </pre>
 */
public final class KeySlot {
    public static final int BYTES = 100;

    private static final int ARGON2ID = 1;
    private static final int RESERVED_BYTES = 3;
    private static final int WRAPPED_BYTES = Aead.KEY_BYTES + Aead.TAG_BYTES;
    private static final int CLEAR_BYTES = BYTES - WRAPPED_BYTES;

    /** The nonce of the wrapping. Its key wraps nothing else, because the salt is fresh, so one nonce is enough. */
    private static final byte[] NONCE = new byte[Aead.NONCE_BYTES];

    private final int keyId;
    private final PassphraseKdf kdf;
    private final Salt salt;
    private final byte[] wrapped;

    private KeySlot(int keyId, PassphraseKdf kdf, Salt salt, byte[] wrapped) {
        this.keyId = keyId;
        this.kdf = kdf;
        this.salt = salt;
        this.wrapped = wrapped;
    }

    /** Wraps a data key. The parameters decide how long this takes. */
    public static KeySlot wrap(Secret dataKey, Secret password, Wrapping wrapping) {
        Salt salt = Salt.random(wrapping.random());
        KeySlot slot = new KeySlot(ObjectHeader.FIRST_KEY_ID, wrapping.kdf(), salt, new byte[WRAPPED_BYTES]);
        try (Secret key = slot.kdf.derive(password, salt)) {
            Aead.fastest()
                    .seal(
                            slot.message(key, wrapping.volume()),
                            ByteBuffer.wrap(dataKey.borrowBytes()),
                            ByteBuffer.wrap(slot.wrapped));
        }
        return slot;
    }

    /** Returns the data key, which the caller closes; null if the password does not fit this slot. */
    public Secret unwrap(Secret password, UUID volume) {
        byte[] dataKey = new byte[Aead.KEY_BYTES];
        try (Secret key = kdf.derive(password, salt)) {
            Aead.fastest().open(message(key, volume), ByteBuffer.wrap(wrapped), ByteBuffer.wrap(dataKey));
        } catch (AEADBadTagException e) {
            return null;
        }
        return Secret.owning(dataKey);
    }

    public PassphraseKdf kdf() {
        return kdf;
    }

    /** Writes {@link #BYTES} bytes. */
    public void write(ByteWriter writer) {
        writeClear(writer);
        writer.bytes(wrapped);
    }

    public static KeySlot read(ByteReader reader) throws CorruptObjectException {
        int keyId = (int) reader.u32();
        reader.require(reader.u8() == ARGON2ID, "unknown key derivation");
        for (int i = 0; i < RESERVED_BYTES; i++) {
            reader.require(reader.u8() == 0, "reserved byte is not zero");
        }
        int memoryKib = reader.u31();
        int iterations = reader.u31();
        int lanes = reader.u31();
        Salt salt = Salt.read(reader);
        try {
            PassphraseKdf kdf = new PassphraseKdf(memoryKib, iterations, lanes);
            return new KeySlot(keyId, kdf, salt, reader.bytes(WRAPPED_BYTES));
        } catch (IllegalArgumentException e) {
            throw reader.corrupt(e.getMessage());
        }
    }

    private void writeClear(ByteWriter writer) {
        writer.u32(keyId).u8(ARGON2ID).bytes(new byte[RESERVED_BYTES]);
        writer.u32(kdf.memoryKib()).u32(kdf.iterations()).u32(kdf.lanes());
        salt.write(writer);
    }

    private Aead.Message message(Secret key, UUID volume) {
        ByteWriter bound = new ByteWriter(CLEAR_BYTES + Short.BYTES + 2 * Long.BYTES);
        bound.u16(FormatVersion.CURRENT.number())
                .u64(volume.getMostSignificantBits())
                .u64(volume.getLeastSignificantBits());
        writeClear(bound);
        return new Aead.Message(new SecretKeySpec(key.borrowBytes(), "ChaCha20"), NONCE, bound.toArray());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeySlot slot
                && keyId == slot.keyId
                && kdf.equals(slot.kdf)
                && salt.equals(slot.salt)
                && Arrays.equals(wrapped, slot.wrapped);
    }

    @Override
    public int hashCode() {
        return salt.hashCode();
    }

    @Override
    public String toString() {
        return "KeySlot(" + keyId + ", " + kdf + ", redacted)";
    }

    /** The parameters of a wrapping. */
    public record Wrapping(UUID volume, PassphraseKdf kdf, RandomGenerator random) {}
}
