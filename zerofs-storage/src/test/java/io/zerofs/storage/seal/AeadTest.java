// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.random.Seeds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import javax.crypto.AEADBadTagException;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AeadTest {
    /** RFC 8439 §2.8.2. */
    private static final String PLAIN =
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for"
                    + " the future, sunscreen would be it.";

    private static final Aead.Message MESSAGE = message(
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
            "070000004041424344454647",
            "50515253c0c1c2c3c4c5c6c7");
    private static final String SEALED = "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
            + "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
            + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
            + "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691";

    static Stream<Aead> implementations() {
        return Stream.of(JcaAead.ofRuntime(), JcaAead.ofConscrypt());
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void sealsAndOpensTheVectorOfTheRfc(Aead aead) throws Exception {
        byte[] plain = PLAIN.getBytes(StandardCharsets.US_ASCII);

        assertEquals(SEALED, HexFormat.of().formatHex(seal(aead, MESSAGE, plain)));
        assertArrayEquals(plain, open(aead, MESSAGE, HexFormat.of().parseHex(SEALED)));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void theSameMessageMayBeSealedAndOpenedAgain(Aead aead) throws Exception {
        byte[] plain = {1, 2, 3};
        byte[] first = seal(aead, MESSAGE, plain);

        assertArrayEquals(first, seal(aead, MESSAGE, plain));
        assertArrayEquals(plain, open(aead, MESSAGE, first));
        assertArrayEquals(plain, open(aead, MESSAGE, first));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void aFlippedBitIsNoticedAndTheNextMessageStillOpens(Aead aead) throws Exception {
        byte[] sealed = HexFormat.of().parseHex(SEALED);
        for (int i = 0; i < sealed.length; i++) {
            byte[] damaged = sealed.clone();
            damaged[i] ^= 0x10;
            assertThrows(AEADBadTagException.class, () -> open(aead, MESSAGE, damaged));
        }
        assertThrows(AEADBadTagException.class, () -> open(aead, MESSAGE, new byte[Aead.TAG_BYTES - 1]));
        assertEquals(PLAIN.length(), open(aead, MESSAGE, sealed).length);
    }

    @Test
    void allImplementationsGiveTheSameBytes() throws Exception {
        Aead runtime = JcaAead.ofRuntime();
        Aead conscrypt = JcaAead.ofConscrypt();
        Seeds.run(seed -> compare(runtime, conscrypt, new SplittableRandom(seed)));
    }

    private static void compare(Aead runtime, Aead conscrypt, SplittableRandom random) throws Exception {
        for (int length : new int[] {0, 1, 15, 16, 17, 63, 64, 65, 1000, 4096, 32 * 1024, 256 * 1024}) {
            byte[] plain = new byte[length];
            random.nextBytes(plain);
            byte[] nonce = new byte[Aead.NONCE_BYTES];
            random.nextBytes(nonce);
            Aead.Message message = new Aead.Message(MESSAGE.key(), nonce, nonce);

            byte[] sealed = seal(runtime, message, plain);
            assertArrayEquals(sealed, seal(conscrypt, message, plain));
            assertArrayEquals(plain, open(conscrypt, message, sealed));
            assertArrayEquals(plain, open(runtime, message, sealed));
        }
    }

    @Test
    void directBuffersAreSealedAndOpenedToo() throws Exception {
        for (Aead aead : implementations().toList()) {
            ByteBuffer plain = ByteBuffer.allocateDirect(100_000);
            ByteBuffer sealed = ByteBuffer.allocateDirect(plain.capacity() + Aead.TAG_BYTES);
            aead.seal(MESSAGE, plain.duplicate(), sealed);
            ByteBuffer opened = ByteBuffer.allocateDirect(plain.capacity());
            aead.open(MESSAGE, sealed.flip(), opened);
            assertEquals(plain, opened.flip());
        }
    }

    private static Aead.Message message(String key, String nonce, String associated) {
        HexFormat hex = HexFormat.of();
        return new Aead.Message(
                new SecretKeySpec(hex.parseHex(key), "ChaCha20"), hex.parseHex(nonce), hex.parseHex(associated));
    }

    private static byte[] seal(Aead aead, Aead.Message message, byte[] plain) {
        ByteBuffer sealed = ByteBuffer.allocate(plain.length + Aead.TAG_BYTES);
        aead.seal(message, ByteBuffer.wrap(plain), sealed);
        assertEquals(0, sealed.remaining());
        return sealed.array();
    }

    private static byte[] open(Aead aead, Aead.Message message, byte[] sealed) throws AEADBadTagException {
        ByteBuffer plain = ByteBuffer.allocate(Math.max(0, sealed.length - Aead.TAG_BYTES));
        aead.open(message, ByteBuffer.wrap(sealed), plain);
        return plain.array();
    }
}
