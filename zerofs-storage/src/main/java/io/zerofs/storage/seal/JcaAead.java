// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import org.conscrypt.Conscrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The adapter to a JCA provider. It keeps one cipher per thread and direction, because {@code Cipher.getInstance} costs 2 to
 * 3 µs. Conscrypt gets its bytes through direct buffers that are kept with the cipher. So 32 KiB take 15 µs with both copies,
 * and 33 µs from array to array.
 */
final class JcaAead implements Aead {
    /** First Java whose HotSpot uses vector code for ChaCha20 and Poly1305, if the processor has it. */
    private static final int FIRST_JAVA_WITH_INTRINSICS = 21;

    private static final String TRANSFORMATION = "ChaCha20-Poly1305";
    private static final Logger LOG = LoggerFactory.getLogger(JcaAead.class);

    private final ThreadLocal<Direction> sealing;
    private final ThreadLocal<Direction> opening;

    private JcaAead(Provider provider, boolean staged) {
        this.sealing = ThreadLocal.withInitial(() -> new Direction(provider, Cipher.ENCRYPT_MODE, staged));
        this.opening = ThreadLocal.withInitial(() -> new Direction(provider, Cipher.DECRYPT_MODE, staged));
    }

    static Aead fastest() {
        return Chosen.AEAD;
    }

    /** Returns the provider of the Java runtime. */
    static JcaAead ofRuntime() {
        return new JcaAead(Security.getProvider("SunJCE"), false);
    }

    /** Returns BoringSSL through Conscrypt; null if its native library does not load. */
    static JcaAead ofConscrypt() {
        try {
            Provider provider = Conscrypt.newProvider();
            Cipher.getInstance(TRANSFORMATION, provider);
            return new JcaAead(provider, true);
        } catch (GeneralSecurityException | LinkageError e) {
            LOG.warn("Conscrypt is not available, sealing is slow on this Java runtime: {}", e.toString());
            return null;
        }
    }

    @Override
    public void seal(Message message, ByteBuffer plain, ByteBuffer sealed) {
        try {
            sealing.get().run(message, plain, sealed);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot seal", e);
        }
    }

    @Override
    public void open(Message message, ByteBuffer sealed, ByteBuffer plain) throws AEADBadTagException {
        if (sealed.remaining() < TAG_BYTES) {
            throw new AEADBadTagException("shorter than a tag");
        }
        try {
            opening.get().run(message, sealed, plain);
        } catch (AEADBadTagException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot open", e);
        }
    }

    /**
     * One cipher for one thread and direction. A cipher refuses its last key and nonce, to prevent sealing twice. A retry, or
     * a page that is read twice, uses them again; then a new cipher replaces the old one.
     */
    private static final class Direction {
        private final Provider provider;
        private final int mode;
        private final boolean staged;
        private final byte[] lastNonce = new byte[NONCE_BYTES];
        private SecretKey lastKey;
        private Cipher cipher;
        private ByteBuffer stagedIn = ByteBuffer.allocate(0);
        private ByteBuffer stagedOut = ByteBuffer.allocate(0);

        Direction(Provider provider, int mode, boolean staged) {
            this.provider = provider;
            this.mode = mode;
            this.staged = staged;
        }

        void run(Message message, ByteBuffer in, ByteBuffer out) throws GeneralSecurityException {
            boolean repeated =
                    lastKey != null && Arrays.equals(lastNonce, message.nonce()) && lastKey.equals(message.key());
            if (cipher == null || repeated) {
                cipher = Cipher.getInstance(TRANSFORMATION, provider);
            }
            boolean done = false;
            try {
                cipher.init(mode, message.key(), new IvParameterSpec(message.nonce()));
                System.arraycopy(message.nonce(), 0, lastNonce, 0, NONCE_BYTES);
                lastKey = message.key();
                cipher.updateAAD(message.associated());
                if (staged) {
                    transformStaged(in, out);
                } else {
                    cipher.doFinal(in, out);
                }
                done = true;
            } finally {
                if (!done) {
                    cipher = null;
                }
            }
        }

        private void transformStaged(ByteBuffer in, ByteBuffer out) throws GeneralSecurityException {
            int inLength = in.remaining();
            int outLength = mode == Cipher.ENCRYPT_MODE ? inLength + TAG_BYTES : inLength - TAG_BYTES;
            stagedIn = withRoom(stagedIn, inLength).put(in).flip();
            // Conscrypt needs room for the tag in both directions, and does not change the position.
            stagedOut = withRoom(stagedOut, inLength + TAG_BYTES);
            cipher.doFinal(stagedIn, stagedOut);
            out.put(stagedOut.position(0).limit(outLength));
        }

        private static ByteBuffer withRoom(ByteBuffer buffer, int bytes) {
            int capacity = Math.max(bytes, Compression.PAGE_BYTES_MAX + TAG_BYTES);
            return bytes <= buffer.capacity()
                    ? buffer.clear().limit(bytes)
                    : ByteBuffer.allocateDirect(capacity).limit(bytes);
        }
    }

    /** The provider, chosen at its first use. */
    private static final class Chosen {
        static final Aead AEAD = choose();

        private static Aead choose() {
            boolean intrinsic =
                    Runtime.version().feature() >= FIRST_JAVA_WITH_INTRINSICS && processorHasVectorMultiply();
            JcaAead conscrypt = intrinsic ? null : ofConscrypt();
            return conscrypt == null ? ofRuntime() : conscrypt;
        }

        /** HotSpot's Poly1305 needs this on x86. Without it the runtime's code is several times slower than Conscrypt. */
        private static boolean processorHasVectorMultiply() {
            try {
                return Files.readString(Path.of("/proc/cpuinfo")).contains("avx512ifma");
            } catch (IOException e) {
                return false;
            }
        }
    }
}
