// SPDX-License-Identifier: AGPL-3.0-only

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Loads NFS version 3 servers in turn and compares them: one connection each, many calls in flight. A single file that
 * needs the JDK only: {@code java NfsLoad.java SECONDS ROUNDS NAME=PORT:MOUNT_PORT:PATH:PID …}.
 * Prints for each
 * operation (those of {@code -Doperations=create,remove}, else all) the calls per second of both (median,
 * lowest and highest round), the processor time that the servers took per call, and the ratios of the first
 * server to the second.
 */
public final class NfsLoad {
    private static final int FILES = 1_000;
    private static final int DATA_BYTES = 64 << 20;
    private static final int SMALL = 4_096;
    private static final int LARGE = 1 << 20;
    private static final int MICROSECONDS_PER_TICK = 10_000;

    private static final int GETATTR = 1;
    private static final int LOOKUP = 3;
    private static final int READ = 6;
    private static final int WRITE = 7;
    private static final int CREATE = 8;
    private static final int MKDIR = 9;
    private static final int REMOVE = 12;
    private static final int COMMIT = 21;

    private enum Operation {
        NULL(32),
        GETATTR_1(1),
        GETATTR(32),
        LOOKUP(32),
        CREATE(32),
        REMOVE(32),
        READ_4K(32),
        WRITE_4K(32),
        READ_1M(4),
        WRITE_1M(4);

        final int inFlight;

        Operation(int inFlight) {
            this.inFlight = inFlight;
        }
    }

    /** One round: calls, their time, and the processor time of the server. */
    private record Round(long calls, double seconds, double cpuMicros) {
        double perSecond() {
            return calls / seconds;
        }

        double cpuPerCall() {
            return cpuMicros / calls;
        }
    }

    public static void main(String[] args) throws IOException {
        double seconds = Double.parseDouble(args[0]);
        int rounds = Integer.parseInt(args[1]);
        List<Server> servers = new ArrayList<>();
        for (String arg : Arrays.copyOfRange(args, 2, args.length)) {
            servers.add(new Server(arg));
        }
        System.out.printf("%-9s", "calls/s");
        servers.forEach(server -> System.out.printf(" %32s", server.name));
        System.out.println("   ratio    CPU µs/call    ratio");
        for (Operation operation : operations()) {
            List<List<Round>> results = new ArrayList<>();
            servers.forEach(server -> results.add(new ArrayList<>()));
            for (int round = -1; round < rounds; round++) {
                for (int i = 0; i < servers.size(); i++) {
                    Round result = servers.get(i).run(operation, seconds);
                    if (round >= 0) {
                        results.get(i).add(result);
                    }
                }
            }
            print(operation, results);
        }
    }

    private static List<Operation> operations() {
        String chosen = System.getProperty("operations", "");
        return chosen.isEmpty()
                ? List.of(Operation.values())
                : Arrays.stream(chosen.toUpperCase(Locale.ROOT).split(","))
                        .map(Operation::valueOf)
                        .toList();
    }

    private static void print(Operation operation, List<List<Round>> results) {
        System.out.printf("%-9s", operation.name().toLowerCase(Locale.ROOT));
        double[] speed = new double[results.size()];
        double[] cpu = new double[results.size()];
        for (int i = 0; i < results.size(); i++) {
            double[] speeds =
                    results.get(i).stream().mapToDouble(Round::perSecond).sorted().toArray();
            double[] cpus =
                    results.get(i).stream().mapToDouble(Round::cpuPerCall).sorted().toArray();
            speed[i] = speeds[speeds.length / 2];
            cpu[i] = cpus[cpus.length / 2];
            System.out.printf(" %,10.0f (%,8.0f to %,8.0f)", speed[i], speeds[0], speeds[speeds.length - 1]);
        }
        if (results.size() == 1) {
            System.out.printf("           %6.1f", cpu[0]);
        } else {
            System.out.printf("    %4.2f  %6.1f %6.1f     %4.2f", speed[0] / speed[1], cpu[0], cpu[1], cpu[1] / cpu[0]);
        }
        System.out.println();
    }

    /** One server with its connection, a directory of files and a file of data. */
    private static final class Server {
        final String name;
        private final long pid;
        private final Connection connection;
        private final byte[] directory;
        private final byte[][] handles = new byte[FILES][];
        private final byte[] data;
        private final Random random = new Random(1);
        private int created;
        private int removed;

        Server(String description) throws IOException {
            name = description.substring(0, description.indexOf('='));
            String[] parts = description.substring(name.length() + 1).split(":");
            pid = Long.parseLong(parts[3]);
            byte[] root = new Connection(Integer.parseInt(parts[1])).mount(parts[2]);
            connection = new Connection(Integer.parseInt(parts[0]));
            directory = connection.makeDirectory(root, "load" + ProcessHandle.current().pid());
            for (int i = 0; i < FILES; i++) {
                handles[i] = create("file" + i);
            }
            data = create("data");
            for (int offset = 0; offset < DATA_BYTES; offset += LARGE) {
                connection.write(data, offset, LARGE);
                connection.call();
            }
            connection.commit(data);
        }

        private byte[] create(String child) throws IOException {
            connection.create(directory, child);
            return created(connection.call());
        }

        Round run(Operation operation, double seconds) throws IOException {
            while (operation == Operation.REMOVE && created < removed + FILES) {
                create("c" + created++);
            }
            double cpuBefore = cpuMicros();
            long start = System.nanoTime();
            long end = start + (long) (seconds * 1e9);
            long calls = 0;
            int inFlight = 0;
            boolean more = true;
            while (more || inFlight > 0) {
                while (more && inFlight < operation.inFlight) {
                    more = next(operation) && System.nanoTime() < end;
                    inFlight++;
                }
                connection.flush();
                int replies = connection.readReplies();
                calls += replies;
                inFlight -= replies;
            }
            return new Round(calls, (System.nanoTime() - start) / 1e9, cpuMicros() - cpuBefore);
        }

        /** Puts the next call into the buffer; false if it was the last. */
        private boolean next(Operation operation) {
            switch (operation) {
                case NULL -> connection.begin(0);
                case GETATTR, GETATTR_1 -> {
                    connection.begin(GETATTR);
                    connection.opaque(handles[random.nextInt(FILES)]);
                }
                case LOOKUP -> connection.lookup(directory, "file" + random.nextInt(FILES));
                case CREATE -> connection.create(directory, "c" + created++);
                case REMOVE -> {
                    connection.begin(REMOVE);
                    connection.opaque(directory);
                    connection.opaque("c" + removed++);
                }
                case READ_4K -> connection.read(data, offset(SMALL), SMALL);
                case READ_1M -> connection.read(data, offset(LARGE), LARGE);
                case WRITE_4K -> connection.write(data, offset(SMALL), SMALL);
                case WRITE_1M -> connection.write(data, offset(LARGE), LARGE);
            }
            connection.end();
            return operation != Operation.REMOVE || removed < created;
        }

        private long offset(int unit) {
            return (long) random.nextInt(DATA_BYTES / unit) * unit;
        }

        private double cpuMicros() throws IOException {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * (double) MICROSECONDS_PER_TICK;
        }
    }

    /** The handle in the reply to CREATE or MKDIR. */
    static byte[] created(ByteBuffer reply) {
        byte[] handle = new byte[reply.getInt(4) == 1 ? reply.getInt(8) : 0];
        reply.position(12);
        reply.get(handle);
        return handle;
    }

    /** A connection with a buffer of calls to be sent. */
    static final class Connection {
        private static final int LAST_FRAGMENT = 0x8000_0000;
        private static final int NFS = 100_003;
        private static final int MOUNT = 100_005;
        private static final int VERSION = 3;
        private static final int REPLY_HEADER_BYTES = 28;

        private final SocketChannel socket;
        private final ByteBuffer out = ByteBuffer.allocateDirect(8 << 20);
        private final ByteBuffer in = ByteBuffer.allocateDirect(1 << 20);
        private final byte[] payload = new byte[LARGE];
        private int xid = 1;
        private int start;
        private long skip;

        Connection(int port) throws IOException {
            socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            in.flip();
            new Random(2).nextBytes(payload);
        }

        byte[] mount(String path) throws IOException {
            begin(MOUNT, 1);
            opaque(path);
            ByteBuffer reply = call();
            byte[] handle = new byte[reply.getInt(4)];
            reply.position(8);
            reply.get(handle);
            return handle;
        }

        byte[] makeDirectory(byte[] parent, String child) throws IOException {
            begin(MKDIR);
            opaque(parent);
            opaque(child);
            mode(0777);
            return created(call());
        }

        void create(byte[] directory, String child) {
            begin(CREATE);
            opaque(directory);
            opaque(child);
            out.putInt(1);
            mode(0666);
        }

        void lookup(byte[] directory, String child) {
            begin(LOOKUP);
            opaque(directory);
            opaque(child);
        }

        void read(byte[] file, long offset, int count) {
            begin(READ);
            opaque(file);
            out.putLong(offset).putInt(count);
        }

        void write(byte[] file, long offset, int count) {
            begin(WRITE);
            opaque(file);
            out.putLong(offset).putInt(count).putInt(0).putInt(count);
            out.put(payload, 0, count);
            for (int i = count; i % 4 != 0; i++) {
                out.put((byte) 0);
            }
        }

        void commit(byte[] file) throws IOException {
            begin(COMMIT);
            opaque(file).putLong(0).putInt(0);
            call();
        }

        ByteBuffer begin(int procedure) {
            return begin(NFS, procedure);
        }

        private ByteBuffer begin(int program, int procedure) {
            start = out.position();
            out.putInt(0).putInt(xid++).putInt(0).putInt(2);
            out.putInt(program).putInt(VERSION).putInt(procedure);
            // AUTH_SYS: stamp, machine name "load", uid, gid, no groups; no verifier
            out.putInt(1).putInt(24).putInt(0).putInt(4).putInt(0x6c6f6164);
            return out.putInt(0).putInt(0).putInt(0).putInt(0).putInt(0);
        }

        void end() {
            out.putInt(start, LAST_FRAGMENT | out.position() - start - Integer.BYTES);
        }

        ByteBuffer opaque(byte[] bytes) {
            out.putInt(bytes.length).put(bytes);
            for (int i = bytes.length; i % 4 != 0; i++) {
                out.put((byte) 0);
            }
            return out;
        }

        void opaque(String text) {
            opaque(text.getBytes(StandardCharsets.UTF_8));
        }

        void mode(int mode) {
            out.putInt(1).putInt(mode).putInt(0).putInt(0).putInt(0).putInt(0).putInt(0);
        }

        void flush() throws IOException {
            out.flip();
            while (out.hasRemaining()) {
                socket.write(out);
            }
            out.clear();
        }

        /** Sends the call that was begun and waits for its reply; the results. */
        ByteBuffer call() throws IOException {
            end();
            flush();
            ByteBuffer mark = read(Integer.BYTES);
            ByteBuffer reply = read(mark.getInt() & ~LAST_FRAGMENT);
            ByteBuffer results = reply.position(REPLY_HEADER_BYTES - Integer.BYTES).slice();
            if (results.getInt(0) != 0) {
                throw new IOException("status " + results.getInt(0));
            }
            return results;
        }

        private ByteBuffer read(int length) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            while (bytes.hasRemaining()) {
                if (!in.hasRemaining()) {
                    fill();
                }
                bytes.put(in.get());
            }
            return bytes.flip();
        }

        private void fill() throws IOException {
            in.compact();
            if (socket.read(in) < 0) {
                throw new EOFException("the server closed the connection");
            }
            in.flip();
        }

        /** Waits for at least one reply; all replies that are there. */
        int readReplies() throws IOException {
            int replies = 0;
            while (true) {
                int skipped = (int) Math.min(skip, in.remaining());
                in.position(in.position() + skipped);
                skip -= skipped;
                if (skip == 0 && in.remaining() >= REPLY_HEADER_BYTES + Integer.BYTES) {
                    int length = in.getInt(in.position()) & ~LAST_FRAGMENT;
                    int status = length > REPLY_HEADER_BYTES ? in.getInt(in.position() + REPLY_HEADER_BYTES) : 0;
                    if (status != 0) {
                        throw new IOException("status " + status);
                    }
                    skip = length + Integer.BYTES;
                    replies++;
                } else if (skip == 0 && isWholeNull()) {
                    skip = REPLY_HEADER_BYTES;
                    replies++;
                } else if (replies > 0 && skip == 0) {
                    return replies;
                } else {
                    fill();
                }
            }
        }

        /** The reply to NULL is shorter than the header and a status. */
        private boolean isWholeNull() {
            return in.remaining() >= REPLY_HEADER_BYTES
                    && (in.getInt(in.position()) & ~LAST_FRAGMENT) == REPLY_HEADER_BYTES - Integer.BYTES;
        }
    }
}
