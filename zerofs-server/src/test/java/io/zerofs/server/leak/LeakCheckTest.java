// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.leak;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

class LeakCheckTest {
    @Test
    void leakedBufferIsReported() {
        LeakCheck check = new LeakCheck();
        for (int i = 0; i < 10; i++) {
            ByteBufAllocator.DEFAULT.directBuffer(16);
        }
        assertThrows(AssertionError.class, () -> check.afterAll(null));
        check.beforeAll(null);
    }
}
