// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:2049", "0.0.0.0:0", "[0:0:0:0:0:0:0:1]:65535"})
    void printsAsItWasWritten(String text) {
        assertEquals(text, ListenAddress.tcp(text).toString());
    }

    @Test
    void shortIpv6IsUnderstood() {
        assertEquals("[0:0:0:0:0:0:0:1]:5564", ListenAddress.tcp("[::1]:5564").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2049", ":2049", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:2049", "256.1.1.1:1"})
    void refusesInvalidAddresses(String text) {
        assertThrows(IllegalArgumentException.class, () -> ListenAddress.tcp(text));
    }
}
