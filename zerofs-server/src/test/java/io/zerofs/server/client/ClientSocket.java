// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * One connection. It sends bytes at once, or collects them until a flush, and keeps received bytes until they are taken or
 * dropped. One thread may send while another receives.
 */
public final class ClientSocket implements AutoCloseable {
    private static final int OUT_BYTES = 8 << 20;
    private static final int IN_BYTES_MIN = 16 << 10;
    private static final int IN_BYTES_MAX = 2 << 20;

    private final SocketChannel channel;
    private ByteBuf out;
    private ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES_MIN).flip();

    public ClientSocket(SocketAddress server) throws IOException {
        channel = SocketChannel.open(server);
        if (server instanceof InetSocketAddress) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
    }

    public static SocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    public SocketChannel channel() {
        return channel;
    }

    public synchronized void send(ByteBuf bytes) throws IOException {
        ByteBuffer piece = bytes.nioBuffer();
        while (piece.hasRemaining()) {
            channel.write(piece);
        }
    }

    /** Returns the collected bytes, to which callers append. They are outside the heap, so that no copy is made. */
    public ByteBuf out() {
        if (out == null) {
            out = Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(OUT_BYTES)).clear();
        }
        return out;
    }

    /** Sends the collected bytes. */
    public void flush() throws IOException {
        while (out().isReadable()) {
            out.readBytes(channel, out.readableBytes());
        }
        out.clear();
    }

    int available() {
        return in.remaining();
    }

    /** Waits for at least the given number of bytes, and returns all received bytes. */
    ByteBuffer await(int bytes) throws IOException {
        while (in.remaining() < bytes) {
            fill(bytes);
        }
        return in;
    }

    /** Waits for so many bytes and takes them, which may be more than are kept. */
    byte[] take(int bytes) throws IOException {
        byte[] taken = new byte[bytes];
        int there = Math.min(bytes, in.remaining());
        in.get(taken, 0, there);
        ByteBuffer rest = ByteBuffer.wrap(taken, there, bytes - there);
        while (rest.hasRemaining()) {
            receive(rest);
        }
        return taken;
    }

    /** Waits for so many bytes and drops them. */
    void skip(int bytes) throws IOException {
        int left = bytes;
        while (left > in.remaining()) {
            left -= in.remaining();
            in.position(in.limit());
            fill(1);
        }
        in.position(in.position() + left);
    }

    private void fill(int wanted) throws IOException {
        // A buffer that was filled to its end is too small for the pace of the server.
        int grown = in.limit() == in.capacity() ? Math.min(2 * in.capacity(), IN_BYTES_MAX) : 0;
        if (Math.max(grown, wanted) > in.capacity()) {
            in = ByteBuffer.allocateDirect(Math.max(grown, wanted)).put(in);
        } else {
            in.compact();
        }
        try {
            receive(in);
        } finally {
            // A caller may go on after the end of the connection, and must not find old bytes.
            in.flip();
        }
    }

    private void receive(ByteBuffer to) throws IOException {
        if (channel.read(to) < 0) {
            throw new EOFException("the server closed the connection");
        }
    }

    /** Drops all bytes until the connection ends. */
    public void drain() throws IOException {
        ByteBuffer dropped = ByteBuffer.allocateDirect(IN_BYTES_MIN);
        while (channel.read(dropped.clear()) >= 0) {
            // Nobody looks at the bytes.
        }
    }

    /** Ends the connection as one that breaks. */
    void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
