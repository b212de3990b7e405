// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.secret.Secret;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ObjectKeysTest {
    private static final int ROUNDS = 3_000;

    private static ObjectKeys keys() {
        byte[] dataKey = new byte[Aead.KEY_BYTES];
        Arrays.fill(dataKey, (byte) 7);
        return new ObjectKeys(Secret.owning(dataKey), new UUID(1, 2), Aead.fastest());
    }

    @Test
    void aKeyDerivedWhileTheVolumeClosesIsRightOrMissing() throws Exception {
        byte[] expected = keys().tableDigestKey().getEncoded();
        for (int round = 0; round < ROUNDS; round++) {
            ObjectKeys keys = keys();
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Void> user = CompletableFuture.runAsync(() -> {
                try {
                    while (true) {
                        begun.countDown();
                        assertArrayEquals(expected, keys.tableDigestKey().getEncoded());
                    }
                } catch (IllegalStateException closed) {
                    // None any more.
                }
            });
            begun.await();
            keys.close();
            user.join();
            assertThrows(IllegalStateException.class, keys::tableDigestKey);
        }
    }
}
