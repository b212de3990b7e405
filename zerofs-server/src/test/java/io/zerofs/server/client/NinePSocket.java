// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.TmessageEncoder;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * A client on a real socket, TCP or unix. A connected client has a thread that takes the replies. A client that is alone has
 * none: its only caller also reads the replies, which is faster.
 */
public final class NinePSocket extends NinePClient {
    private final ClientSocket socket;
    private Thread receiver;

    private NinePSocket(SocketAddress server) throws IOException {
        this.socket = new ClientSocket(server);
    }

    public static NinePSocket connect(SocketAddress server) throws IOException {
        NinePSocket client = new NinePSocket(server);
        client.receiver = new Thread(client::receiveAll, "ninep-client");
        client.receiver.setDaemon(true);
        client.receiver.start();
        return client;
    }

    public static NinePSocket alone(int port) throws IOException {
        return new NinePSocket(ClientSocket.loopback(port));
    }

    public ClientSocket socket() {
        return socket;
    }

    private void receiveAll() {
        try (socket) {
            while (true) {
                receive();
            }
        } catch (IOException e) {
            // The connection has ended; a caller that waits for a reply reports it.
        }
    }

    private void receive() throws IOException {
        int length = replyBytes();
        try {
            received(Unpooled.wrappedBuffer(socket.take(length)));
        } catch (MalformedMessageException e) {
            throw new IOException(e);
        }
    }

    private int replyBytes() throws IOException {
        ByteBuffer in = socket.await(MessageHeader.HEADER_BYTES);
        return Integer.reverseBytes(in.getInt(in.position()));
    }

    @Override
    public void send(ByteBuf bytes) throws IOException {
        socket.send(bytes);
    }

    @Override
    public Rmessage await(int tag) throws IOException, InterruptedException {
        while (receiver == null && !hasReply(tag)) {
            receive();
        }
        return super.await(tag);
    }

    /** Appends a message to those that the next flush of the socket sends. */
    public void add(int tag, Tmessage message) {
        TmessageEncoder.encodeTo(socket.out(), tag, message);
    }

    /** Returns whether a whole reply is there, so that taking it does not wait. */
    public boolean hasWholeReply() throws IOException {
        return socket.available() >= MessageHeader.HEADER_BYTES && socket.available() >= replyBytes();
    }

    /** Waits for the next reply, which must be a success, drops it and returns its tag. */
    public int skipReply() throws IOException {
        int length = replyBytes();
        ByteBuffer in = socket.await(MessageHeader.HEADER_BYTES);
        int at = in.position();
        int tag = Short.reverseBytes(in.getShort(at + MessageHeader.TAG_OFFSET)) & 0xFFFF;
        if (in.get(at + MessageHeader.TYPE_OFFSET) == MessageType.RLERROR.code()) {
            in = socket.await(length);
            throw new IOException(
                    "error " + Integer.reverseBytes(in.getInt(in.position() + MessageHeader.HEADER_BYTES)));
        }
        socket.skip(length);
        return tag;
    }

    /** Waits until the server has closed the connection. */
    public boolean isClosedByServer() throws InterruptedException {
        receiver.join(10_000);
        return !receiver.isAlive();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
