// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.zerofs.server.client.ClientSocket;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.net.ListenAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code GreedyClients KIND PORT CONNECTIONS}: opens connections, each of which makes a daemon hold as many bytes as
 * possible. Prints "greedy" when the daemon takes no more bytes, and continues until its input ends. {@code nfs},
 * {@code 9p} and {@code nbd} send all but the last byte of the largest message. {@code nbd-unread} sends reads and
 * never reads the replies.
 */
final class GreedyClients {
    private static final int NFS_BYTES = (1 << 20) + (16 << 10);
    private static final int NINEP_BYTES = 10 << 20;
    private static final int NBD_BYTES = 32 << 20;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(256 << 10);
    private static final int QUIET_MILLIS = 1_000;

    private GreedyClients() {}

    /** A connection and the rest of its message: a head, then zeros. */
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

        /** Sends as many bytes as the socket takes, and returns their number. */
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
        int port = Integer.parseInt(arguments[1]);
        int connections = Integer.parseInt(arguments[2]);
        List<Greedy> clients = new ArrayList<>();
        while (clients.size() < connections) {
            try {
                clients.add(connect(kind, port));
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
            // The script that started this program closes its input to end it.
        }
        System.out.println(clients.stream().filter(Greedy::isOpen).count() + " connections are still open");
    }

    private static Greedy connect(String kind, int port) throws IOException, InterruptedException {
        switch (kind) {
            case "nfs" -> {
                ByteBuffer head = ByteBuffer.allocate(4).putInt(1 << 31 | NFS_BYTES);
                return new Greedy(new ClientSocket(ClientSocket.loopback(port)).channel(), head.flip(), NFS_BYTES - 1);
            }
            case "9p" -> {
                NinePSocket client = NinePSocket.alone(port);
                client.version(NINEP_BYTES);
                ByteBuffer head = ByteBuffer.allocate(7).order(ByteOrder.LITTLE_ENDIAN);
                head.putInt(NINEP_BYTES).put((byte) 118).putShort((short) 1);
                return new Greedy(client.socket().channel(), head.flip(), NINEP_BYTES - 8);
            }
            case "nbd", "nbd-unread" -> {
                NbdClient client =
                        NbdClient.connect(ListenAddress.tcp("127.0.0.1", port)).go("device");
                NbdCommand command = kind.equals("nbd") ? NbdCommand.WRITE : NbdCommand.READ;
                ByteBuffer head = ByteBuffer.wrap(NbdClient.requestBytes(0, command.code(), 1, 0, NBD_BYTES));
                return new Greedy(client.channel(), head, command == NbdCommand.WRITE ? NBD_BYTES - 1 : 0);
            }
            default -> throw new IllegalArgumentException(kind);
        }
    }
}
