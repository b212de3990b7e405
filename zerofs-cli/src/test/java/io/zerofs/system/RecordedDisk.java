// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A disk over NBD that records each write and each flush. It can make the disk that a power cut would have left. That one
 * has all writes before the last flush, and any sectors of the later ones.
 */
final class RecordedDisk implements Closeable {
    private static final long GREETING = 0x4e42444d41474943L;
    private static final long OPTION_MAGIC = 0x49484156454F5054L;
    private static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    private static final int EXPORT_NAME = 1;
    private static final int GO = 7;
    private static final int UNSUPPORTED = 0x80000001;
    private static final int HAS_FLAGS_AND_FLUSH = 1 | 4;

    private final int sectorBytes;
    private final long size;
    private final FileChannel disk;
    private final FileChannel recorded;
    private final Path original;
    private final ServerSocket server;
    private final List<Event> events = new ArrayList<>(); // guarded by this
    private long end; // of the file of writes; guarded by this

    /** A write of bytes that are at a place of the file of writes; a flush if there are none. */
    private record Event(long offset, int bytes, long at) {}

    /**
     * Begins with the bytes of a file, which becomes the disk. A copy of it stays for {@link #cut}.
     *
     * @param sectorBytes the bytes that the disk writes whole or not at all
     */
    RecordedDisk(Path file, int sectorBytes) throws Exception {
        this.sectorBytes = sectorBytes;
        original = file.resolveSibling(file.getFileName() + ".original");
        copy(file, original);
        disk = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        recorded = FileChannel.open(
                file.resolveSibling(file.getFileName() + ".writes"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        size = disk.size();
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::serve, "recorded disk");
        thread.setDaemon(true);
        thread.start();
    }

    private static void copy(Path from, Path to) throws InterruptedException {
        Command.of("cp", "--sparse=always", from, to).run();
    }

    String uri() {
        return "nbd://127.0.0.1:" + server.getLocalPort() + "/";
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                socket.setTcpNoDelay(true);
                DataInputStream in = new DataInputStream(socket.getInputStream());
                DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                if (negotiate(in, out)) {
                    transmit(in, out);
                }
            } catch (IOException e) {
                // The client has ended the connection, or the disk is closed.
            }
        }
    }

    private boolean negotiate(DataInputStream in, DataOutputStream out) throws IOException {
        send(
                out,
                ByteBuffer.allocate(18).putLong(GREETING).putLong(OPTION_MAGIC).putShort((short) 3));
        in.readInt();
        while (true) {
            in.readLong();
            int option = in.readInt();
            in.skipNBytes(in.readInt());
            if (option == EXPORT_NAME) {
                send(out, ByteBuffer.allocate(10).putLong(size).putShort((short) HAS_FLAGS_AND_FLUSH));
                return true;
            } else if (option == GO) {
                ByteBuffer reply = ByteBuffer.allocate(20 + 12 + 20);
                reply.putLong(OPTION_REPLY_MAGIC).putInt(option).putInt(3).putInt(12);
                reply.putShort((short) 0).putLong(size).putShort((short) HAS_FLAGS_AND_FLUSH);
                send(
                        out,
                        reply.putLong(OPTION_REPLY_MAGIC)
                                .putInt(option)
                                .putInt(1)
                                .putInt(0));
                return true;
            }
            send(
                    out,
                    ByteBuffer.allocate(20)
                            .putLong(OPTION_REPLY_MAGIC)
                            .putInt(option)
                            .putInt(UNSUPPORTED)
                            .putInt(0));
        }
    }

    private void transmit(DataInputStream in, DataOutputStream out) throws IOException {
        while (true) {
            in.readInt();
            in.readShort();
            int command = in.readUnsignedShort();
            long cookie = in.readLong();
            long offset = in.readLong();
            int length = in.readInt();
            byte[] data = new byte[command == 0 || command == 1 ? length : 0];
            switch (command) {
                case 0 -> disk.read(ByteBuffer.wrap(data), offset);
                case 1 -> {
                    in.readFully(data);
                    write(offset, data);
                }
                case 3 -> flush();
                default -> {
                    return;
                }
            }
            ByteBuffer reply = ByteBuffer.allocate(16 + (command == 0 ? length : 0));
            reply.putInt(0x67446698).putInt(0).putLong(cookie);
            send(out, command == 0 ? reply.put(data) : reply);
        }
    }

    private static void send(DataOutputStream out, ByteBuffer bytes) throws IOException {
        out.write(bytes.array());
        out.flush();
    }

    private synchronized void write(long offset, byte... data) throws IOException {
        disk.write(ByteBuffer.wrap(data), offset);
        recorded.write(ByteBuffer.wrap(data), end);
        events.add(new Event(offset, data.length, end));
        end += data.length;
    }

    private synchronized void flush() {
        events.add(new Event(0, 0, 0));
    }

    /** Returns how many writes and flushes there were. */
    synchronized int position() {
        return events.size();
    }

    /**
     * Makes a file as the disk may be after a power cut at a position. It has all writes before the last flush. The seed
     * chooses whole later writes or sectors of them. Returns how many writes were at risk.
     */
    synchronized int cut(int position, long seed, Path file) throws Exception {
        copy(original, file);
        int flushed = 0;
        for (int i = 0; i < position; i++) {
            flushed = events.get(i).bytes == 0 ? i : flushed;
        }
        SplittableRandom random = new SplittableRandom(seed);
        // A disk may have nearly all of its cache on the medium, or nearly nothing.
        double share = random.nextDouble();
        boolean torn = random.nextBoolean();
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int i = 0; i < position; i++) {
                Event event = events.get(i);
                int piece = i < flushed || !torn ? event.bytes : sectorBytes;
                for (int at = 0; at < event.bytes; at += piece) {
                    if (i < flushed || random.nextDouble() < share) {
                        copy(event, at, Math.min(piece, event.bytes - at), out);
                    }
                }
            }
        }
        return position - Math.min(position, flushed + 1);
    }

    private void copy(Event event, int at, int bytes, FileChannel out) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        recorded.read(buffer, event.at + at);
        out.write(buffer.flip(), event.offset + at);
    }

    /** Ends the service. {@link #cut} is still possible. */
    void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        stop();
        disk.close();
        recorded.close();
        Files.delete(original);
    }
}
