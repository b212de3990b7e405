// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

class ClientSocketTest {
    @Test
    void bytesOfACutMessageAreNotTakenForAMessage() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ClientSocket client = new ClientSocket(ClientSocket.loopback(server.getLocalPort()))) {
            try (Socket connection = server.accept()) {
                connection.getOutputStream().write(new byte[5]);
            }
            assertThrows(EOFException.class, () -> client.await(10));
            assertThrows(EOFException.class, () -> client.await(10));
        }
    }
}
