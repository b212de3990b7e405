// SPDX-License-Identifier: AGPL-3.0-only

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code GreedyClients KIND PORT CONNECTIONS}: opens connections that make a daemon hold as much as each can, says
 * "greedy" when no more bytes are taken, and goes on until its input ends. KIND is {@code nfs}, {@code 9p} or {@code
 * nbd} for all but the last byte of the largest message, {@code nbd-unread} for reads whose replies are not taken.
 */
public final class GreedyClients {
    private static final int NFS_BYTES = (1 << 20) + (16 << 10);
    private static final int NINEP_BYTES = 10 << 20;
    private static final int NBD_BYTES = 32 << 20;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(256 << 10);
    private static final int QUIET_MILLIS = 1_000;

    /** A connection with the bytes that it still has to send: a head and zeros after it. */
    private static final class Greedy {
        final SocketChannel socket;
        final ByteBuffer head;
        long zeros;

        Greedy(SocketChannel socket, ByteBuffer head, long zeros) throws IOException {
            this.socket = socket;
            this.head = head;
            this.zeros = zeros;
            socket.configureBlocking(false);
        }

        /** Bytes that the socket took. */
        long send() {
            try {
                long sent = socket.write(head);
                if (!head.hasRemaining() && zeros > 0) {
                    int some = socket.write(ZEROS.duplicate().limit((int) Math.min(zeros, ZEROS.capacity())));
                    zeros -= some;
                    sent += some;
                }
                return sent;
            } catch (IOException closed) {
                return 0;
            }
        }

        boolean isOpen() {
            try {
                return socket.read(ByteBuffer.allocate(1)) >= 0;
            } catch (IOException e) {
                return false;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        String kind = arguments[0];
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));
        int connections = Integer.parseInt(arguments[2]);
        List<Greedy> clients = new ArrayList<>();
        while (clients.size() < connections) {
            try {
                clients.add(connect(kind, SocketChannel.open(address)));
            } catch (IOException refused) {
                System.out.println("refused after " + clients.size() + " connections: " + refused);
                break;
            }
        }
        Selector writable = Selector.open();
        for (Greedy client : clients) {
            client.socket.register(writable, SelectionKey.OP_WRITE, client);
        }
        long sent = 0;
        while (writable.select(QUIET_MILLIS) > 0) {
            for (SelectionKey key : writable.selectedKeys()) {
                long some = ((Greedy) key.attachment()).send();
                sent += some;
                if (some == 0) {
                    // All of it is sent, or the connection is closed.
                    key.cancel();
                }
            }
            writable.selectedKeys().clear();
        }
        System.out.println("greedy: " + clients.size() + " connections, " + (sent >> 20) + " MiB sent");
        while (System.in.read() >= 0) {
            // Until who started it has seen enough.
        }
        System.out.println(clients.stream().filter(Greedy::isOpen).count() + " connections are still open");
    }

    private static Greedy connect(String kind, SocketChannel socket) throws IOException {
        switch (kind) {
            case "nfs" -> {
                ByteBuffer head = ByteBuffer.allocate(4).putInt(1 << 31 | NFS_BYTES);
                return new Greedy(socket, head.flip(), NFS_BYTES - 1);
            }
            case "9p" -> {
                write(socket, version());
                read(socket, 4 + 1 + 2 + 4 + 2 + 8);
                ByteBuffer head = ByteBuffer.allocate(7).order(ByteOrder.LITTLE_ENDIAN);
                head.putInt(NINEP_BYTES).put((byte) 118).putShort((short) 1);
                return new Greedy(socket, head.flip(), NINEP_BYTES - 8);
            }
            case "nbd", "nbd-unread" -> {
                read(socket, 18);
                write(socket, go("device"));
                // Export and acknowledgement.
                read(socket, 20 + 12 + 20);
                boolean write = kind.equals("nbd");
                ByteBuffer head = ByteBuffer.allocate(28);
                head.putInt(0x25609513).putInt(write ? 1 : 0).putLong(1).putLong(0).putInt(NBD_BYTES);
                return new Greedy(socket, head.flip(), write ? NBD_BYTES - 1 : 0);
            }
            default -> throw new IllegalArgumentException(kind);
        }
    }

    private static ByteBuffer version() {
        byte[] name = "9P2000.L".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer message = ByteBuffer.allocate(13 + name.length).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(message.capacity()).put((byte) 100).putShort((short) -1).putInt(NINEP_BYTES);
        return message.putShort((short) name.length).put(name).flip();
    }

    private static ByteBuffer go(String name) {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer message = ByteBuffer.allocate(4 + 16 + 6 + text.length).putInt(3);
        message.put("IHAVEOPT".getBytes(StandardCharsets.US_ASCII)).putInt(7).putInt(6 + text.length);
        return message.putInt(text.length).put(text).putShort((short) 0).flip();
    }

    private static void write(SocketChannel socket, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }

    private static void read(SocketChannel socket, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (socket.read(buffer) < 0) {
                throw new EOFException("closed by the server");
            }
        }
    }
}
