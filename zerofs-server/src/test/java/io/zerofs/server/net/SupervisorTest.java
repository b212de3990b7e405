// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisorTest {
    @TempDir
    Path directory;

    @Test
    void aDatagramArrivesAsItIs() throws Exception {
        assumeTrue(Epoll.isAvailable(), "datagrams of unix sockets are there with epoll only");
        Path path = directory.resolve("notify");
        Socket manager = Socket.newSocketDomainDgram();
        try {
            manager.bind(new DomainSocketAddress(path.toString()));
            Supervisor.at(Optional.of(path.toString())).tell("STATUS=well\nREADY=1");
            ByteBuffer received = ByteBuffer.allocateDirect(100);
            // A datagram is there as soon as it was sent.
            manager.recvFromDomainSocket(received, 0, 100);
            byte[] bytes = new byte["STATUS=well\nREADY=1".length()];
            received.get(bytes);
            assertEquals("STATUS=well\nREADY=1", new String(bytes, StandardCharsets.UTF_8));
            assertEquals(0, received.get());
        } finally {
            manager.close();
        }
    }

    @Test
    void aMissingSupervisorIsNoError() {
        Supervisor.at(Optional.of(directory.resolve("nobody").toString())).tell("READY=1");
        Supervisor.at(Optional.empty()).tell("READY=1");
    }
}
