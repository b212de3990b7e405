// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.core.secret.Secret;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Argon2id, version 1.3 (RFC 9106), which makes guessing a password expensive. The constructor checks parameters from the
 * store before their use, because a damaged or planted slot must not take all memory.
 *
 * @param memoryKib KiB of memory; at least 8 for each lane, at most {@link #MEMORY_KIB_MAX}
 * @param iterations passes over the memory
 * @param lanes as in the RFC; they change the result. We compute them one after the other
 */
public record PassphraseKdf(int memoryKib, int iterations, int lanes) {
    /** Default parameters: about 0.2 s and 64 MiB. */
    public static final PassphraseKdf DEFAULT = new PassphraseKdf(64 * 1024, 3, 1);

    public static final int MEMORY_KIB_MAX = 1024 * 1024;
    public static final int ITERATIONS_MAX = 64;
    public static final int LANES_MAX = 16;

    /** Maximum memory times iterations: some ten seconds of work. */
    private static final long WORK_KIB_MAX = 16L * 1024 * 1024;

    private static final int MEMORY_KIB_MIN_PER_LANE = 8;

    public PassphraseKdf {
        boolean allowed = iterations >= 1
                && iterations <= ITERATIONS_MAX
                && lanes >= 1
                && lanes <= LANES_MAX
                && memoryKib >= MEMORY_KIB_MIN_PER_LANE * lanes
                && memoryKib <= MEMORY_KIB_MAX
                && (long) memoryKib * iterations <= WORK_KIB_MAX;
        if (!allowed) {
            throw new IllegalArgumentException("Argon2id parameters out of range: " + memoryKib + " KiB, " + iterations
                    + " iterations, " + lanes + " lanes");
        }
    }

    /** Returns the cost of a derivation: KiB of memory times passes over it. */
    public long workKib() {
        return (long) memoryKib * iterations;
    }

    /** Returns the key that wraps the data key. The caller closes it. */
    Secret derive(Secret password, Salt salt) {
        Argon2Parameters parameters = new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(memoryKib)
                .withIterations(iterations)
                .withParallelism(lanes)
                .withSalt(salt.borrowBytes())
                .build();
        Argon2BytesGenerator generator = new Argon2BytesGenerator();
        generator.init(parameters);
        byte[] key = new byte[Aead.KEY_BYTES];
        generator.generateBytes(password.borrowBytes(), key);
        return Secret.owning(key);
    }
}
