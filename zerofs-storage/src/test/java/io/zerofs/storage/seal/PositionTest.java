// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PositionTest {
    @Test
    void noTwoPiecesOfAnObjectShareANonce() {
        int[] numbers = {0, 1, 2, 3, 255, 256, 1 << 16, 1 << 24, Integer.MAX_VALUE};
        Set<ByteBuffer> nonces = new HashSet<>();
        for (Position.Domain domain : Position.Domain.values()) {
            for (int piece : numbers) {
                for (int page : numbers) {
                    for (boolean last : new boolean[] {false, true}) {
                        Position position = new Position(domain, piece, page, last);
                        assertTrue(nonces.add(ByteBuffer.wrap(position.nonce())), position::toString);
                    }
                }
            }
        }
    }
}
