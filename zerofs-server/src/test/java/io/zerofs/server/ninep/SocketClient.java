// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/** A client on a real socket, TCP or unix. */
final class SocketClient extends NinePClient {
    private final SocketChannel channel;
    private final Thread receiver;

    SocketClient(SocketAddress server) throws IOException {
        channel = server instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
        channel.connect(server);
        receiver = new Thread(this::receive, "ninep-client");
        receiver.setDaemon(true);
        receiver.start();
    }

    private void receive() {
        try (DataInputStream in = new DataInputStream(Channels.newInputStream(channel))) {
            while (true) {
                int length = Integer.reverseBytes(in.readInt());
                byte[] bytes = new byte[length];
                in.readFully(bytes, Integer.BYTES, length - Integer.BYTES);
                received(Unpooled.wrappedBuffer(bytes).setIntLE(0, length));
            }
        } catch (IOException | MalformedMessageException e) {
            // The connection has ended; whoever waits for a reply will say so.
        }
    }

    @Override
    synchronized void send(ByteBuf bytes) throws IOException {
        ByteBuffer piece = bytes.nioBuffer();
        while (piece.hasRemaining()) {
            channel.write(piece);
        }
    }

    /** Waits until the server has closed the connection. */
    boolean isClosedByServer() throws InterruptedException {
        receiver.join(10_000);
        return !receiver.isAlive();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
