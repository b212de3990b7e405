// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class KeySlotTest {
    private static final UUID VOLUME = new UUID(1, 2);
    private static final PassphraseKdf CHEAP = new PassphraseKdf(8, 1, 1);
    private static final Secret DATA_KEY = Secret.of("0123456789abcdef0123456789abcdef");
    private static final Secret PASSWORD = Secret.of("correct horse");

    private final KeySlot slot =
            KeySlot.wrap(DATA_KEY, PASSWORD, new KeySlot.Wrapping(VOLUME, CHEAP, new SplittableRandom(7)));

    @Test
    void thePasswordOpensTheDataKey() throws Exception {
        KeySlot read = KeySlot.read(reader(encode()));

        assertEquals(slot, read);
        assertEquals(DATA_KEY, read.unwrap(PASSWORD, VOLUME));
    }

    @Test
    void anotherPasswordOrVolumeOpensNothing() {
        assertNull(slot.unwrap(Secret.of("correct horsf"), VOLUME));
        assertNull(slot.unwrap(PASSWORD, new UUID(1, 3)));
    }

    @Test
    void aFlippedBitReturnsNoRecordOrIsRefused() throws Exception {
        byte[] encoded = encode();
        for (int i = 0; i < encoded.length; i++) {
            byte[] damaged = encoded.clone();
            damaged[i] ^= 1;
            try {
                assertNull(KeySlot.read(reader(damaged)).unwrap(PASSWORD, VOLUME), "byte " + i);
            } catch (CorruptObjectException e) {
                assertEquals("volume", e.object());
            }
        }
    }

    @Test
    void parametersAboveTheCapAreRefusedBeforeTheyAreUsed() {
        assertThrows(IllegalArgumentException.class, () -> new PassphraseKdf(Integer.MAX_VALUE, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new PassphraseKdf(1024 * 1024, 64, 1));
        assertThrows(IllegalArgumentException.class, () -> new PassphraseKdf(64, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new PassphraseKdf(8, 1, 2));
    }

    @Test
    void nothingPrintsASecret() {
        String printed = slot + " " + PASSWORD + " " + DATA_KEY;

        assertFalse(printed.contains("horse"));
        assertFalse(printed.contains("0123456789"));
    }

    /** The output of the reference implementation's argon2 program for these inputs. */
    @Test
    void theDerivationIsArgon2id() {
        Salt salt = Salt.read(ByteBuffer.wrap("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII)));

        assertEquals(
                "971d79fd1a8ffda21e3c8b96f62c483eb957f4186a2760d176cbf67598154472",
                derive(new PassphraseKdf(64, 3, 1), salt));
        assertEquals(
                "b1f506529c19effefbfc2d3eb69bd1b3eb3aa4be8399db6f78ea52a04a2c64f6",
                derive(new PassphraseKdf(256, 2, 4), salt));
    }

    private static String derive(PassphraseKdf kdf, Salt salt) {
        return HexFormat.of().formatHex(kdf.derive(Secret.of("password"), salt).borrowBytes());
    }

    @Test
    void aClosedSecretIsOverwrittenAndCannotBeUsed() {
        byte[] bytes = {1, 2, 3};
        Secret secret = Secret.owning(bytes);
        secret.close();

        assertEquals(0, bytes[0] | bytes[1] | bytes[2]);
        assertThrows(IllegalStateException.class, secret::bytes);
    }

    private byte[] encode() {
        ByteWriter writer = new ByteWriter(KeySlot.BYTES);
        slot.write(writer);
        assertEquals(KeySlot.BYTES, writer.length());
        return writer.toArray();
    }

    private static ByteReader reader(byte[] bytes) {
        return new ByteReader(ByteBuffer.wrap(bytes), "volume", "slot 0");
    }
}
