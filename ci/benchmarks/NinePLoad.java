// SPDX-License-Identifier: AGPL-3.0-only

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
 * Loads 9P2000.L servers in turn and compares them: one connection each, one or many requests in flight. A single file
 * that needs the JDK only: {@code java NinePLoad.java SECONDS ROUNDS NAME=PORT:ANAME:PID …}. Prints for each operation
 * the operations per second of each server (median, lowest and highest round), the ratio of the first to the second, and
 * the processor time that the servers took per operation.
 *
 * <p>A walk is a Twalk of one name to a new fid and its Tclunk. An operation on data is split into as many
 * messages as the server's largest message makes necessary; they are in flight together.
 */
public final class NinePLoad {
    private static final int FILES = 1_000;
    private static final int DATA_BYTES = 64 << 20;
    private static final int KIB_64 = 64 << 10;
    private static final int MIB = 1 << 20;
    private static final int MICROSECONDS_PER_TICK = 10_000;

    /** Message size: Linux asks for 1 MiB with msize=1048576, plus room for the headers of a mebibyte. */
    private static final int MESSAGE_BYTES = MIB + 24;

    private enum Operation {
        GETATTR_1(1, 0),
        GETATTR_16(16, 0),
        WALK_1(1, 0),
        WALK_16(16, 0),
        READ_64K_1(1, KIB_64),
        READ_64K_4(4, KIB_64),
        READ_1M_1(1, MIB),
        READ_1M_4(4, MIB),
        WRITE_64K_1(1, KIB_64),
        WRITE_64K_4(4, KIB_64),
        WRITE_1M_1(1, MIB),
        WRITE_1M_4(4, MIB);

        final int inFlight;
        final int bytes;

        Operation(int inFlight, int bytes) {
            this.inFlight = inFlight;
            this.bytes = bytes;
        }

        boolean reads() {
            return name().startsWith("READ");
        }

        boolean walks() {
            return name().startsWith("WALK");
        }
    }

    /** One round: operations, their time, and the processor time of the server. */
    private record Round(double operations, double seconds, double cpuMicros) {
        double perSecond() {
            return operations / seconds;
        }

        double cpuPerOperation() {
            return cpuMicros / operations;
        }
    }

    public static void main(String[] args) throws IOException {
        double seconds = Double.parseDouble(args[0]);
        int rounds = Integer.parseInt(args[1]);
        List<Server> servers = new ArrayList<>();
        for (String arg : Arrays.copyOfRange(args, 2, args.length)) {
            servers.add(new Server(arg));
        }
        System.out.printf("%-12s", "per second");
        servers.forEach(server -> System.out.printf(" %30s", server.name + ", msize " + server.messageBytes));
        System.out.println("   ratio    CPU µs each      ratio");
        List<String> wanted = List.of(System.getProperty("operations", "").split(","));
        for (Operation operation : Operation.values()) {
            if (!wanted.contains("") && !wanted.contains(operation.name().toLowerCase(Locale.ROOT))) {
                continue;
            }
            List<List<Round>> results = new ArrayList<>();
            servers.forEach(server -> results.add(new ArrayList<>()));
            for (int round = -1; round < rounds; round++) {
                for (int i = 0; i < servers.size(); i++) {
                    Round result = servers.get(i).run(operation, seconds);
                    // The first round warms up.
                    if (round >= 0) {
                        results.get(i).add(result);
                    }
                }
            }
            print(operation, results);
        }
    }

    private static void print(Operation operation, List<List<Round>> results) {
        System.out.printf("%-12s", operation.name().toLowerCase(Locale.ROOT));
        double[] speed = new double[results.size()];
        double[] cpu = new double[results.size()];
        for (int i = 0; i < results.size(); i++) {
            double[] speeds =
                    results.get(i).stream().mapToDouble(Round::perSecond).sorted().toArray();
            double[] cpus = results.get(i).stream()
                    .mapToDouble(Round::cpuPerOperation)
                    .sorted()
                    .toArray();
            speed[i] = speeds[speeds.length / 2];
            cpu[i] = cpus[cpus.length / 2];
            System.out.printf(" %,9.0f (%,8.0f to %,8.0f)", speed[i], speeds[0], speeds[speeds.length - 1]);
        }
        if (results.size() > 1) {
            System.out.printf("    %4.2f  %7.1f %7.1f     %4.2f", speed[0] / speed[1], cpu[0], cpu[1], cpu[1] / cpu[0]);
        }
        System.out.println();
    }

    /** One server with its connection, a directory of files and a file of data. */
    private static final class Server {
        private static final int ROOT = 0;
        private static final int DIRECTORY = 1;
        private static final int DATA = 2;
        private static final int FIRST_FILE = 100;
        private static final int FIRST_WALKED = 10_000;
        private static final int TAGS_PER_SLOT = 64;

        final String name;
        final int messageBytes;
        private final long pid;
        private final Connection connection;
        private final Random random = new Random(1);

        Server(String description) throws IOException {
            name = description.substring(0, description.indexOf('='));
            String[] parts = description.substring(name.length() + 1).split(":");
            pid = Long.parseLong(parts[2]);
            connection = new Connection(Integer.parseInt(parts[0]));
            messageBytes = connection.version();
            connection.attach(ROOT, parts[1]);
            String directory = "load" + ProcessHandle.current().pid();
            connection.mkdir(ROOT, directory);
            connection.walk(0, ROOT, DIRECTORY, directory);
            connection.await(1);
            for (int i = 0; i < FILES; i++) {
                connection.create(DIRECTORY, FIRST_FILE + i, "file" + i);
            }
            connection.create(DIRECTORY, DATA, "data");
            for (int offset = 0; offset < DATA_BYTES; offset += MIB) {
                connection.await(data(Operation.WRITE_1M_1, 0, offset));
            }
        }

        /** Puts an operation on data into the buffer, on consecutive tags; the number of its messages. */
        private int data(Operation operation, int tag, long offset) {
            int pieceMax = messageBytes - Connection.DATA_HEADER_BYTES;
            int messages = 0;
            for (int at = 0; at < operation.bytes; at += pieceMax) {
                int count = Math.min(pieceMax, operation.bytes - at);
                if (operation.reads()) {
                    connection.read(tag + messages, DATA, offset + at, count);
                } else {
                    connection.write(tag + messages, DATA, offset + at, count);
                }
                messages++;
            }
            return messages;
        }

        /** Runs an operation for some time. Each slot has one operation in flight; its tags tell whose a reply is. */
        Round run(Operation operation, double seconds) throws IOException {
            double cpuBefore = cpuMicros();
            int[] missing = new int[operation.inFlight];
            boolean[] hasFid = new boolean[operation.inFlight];
            long start = System.nanoTime();
            long end = start + (long) (seconds * 1e9);
            long done = 0;
            int busy = 0;
            boolean more = true;
            // A walk that was begun is ended with its clunk.
            while (more || busy > 0 || anyOf(hasFid)) {
                for (int slot = 0; slot < missing.length; slot++) {
                    if (missing[slot] == 0 && (more || hasFid[slot])) {
                        missing[slot] = begin(operation, slot, hasFid);
                        busy++;
                    }
                }
                connection.flush();
                for (int tag = connection.readReply(); tag >= 0; tag = connection.readReplyIfThere()) {
                    int slot = tag / TAGS_PER_SLOT;
                    if (--missing[slot] == 0) {
                        busy--;
                        done += hasFid[slot] ? 0 : 1;
                    }
                }
                more = System.nanoTime() < end;
            }
            return new Round(done, (System.nanoTime() - start) / 1e9, cpuMicros() - cpuBefore);
        }

        private static boolean anyOf(boolean[] flags) {
            for (boolean flag : flags) {
                if (flag) {
                    return true;
                }
            }
            return false;
        }

        /** Puts the next message or messages of a slot into the buffer; their number. */
        private int begin(Operation operation, int slot, boolean[] hasFid) {
            int tag = slot * TAGS_PER_SLOT;
            if (operation.bytes > 0) {
                long offset = (long) random.nextInt(DATA_BYTES / operation.bytes) * operation.bytes;
                return data(operation, tag, offset);
            }
            if (!operation.walks()) {
                connection.getattr(tag, FIRST_FILE + random.nextInt(FILES));
            } else if (hasFid[slot]) {
                connection.clunk(tag, FIRST_WALKED + slot);
                hasFid[slot] = false;
            } else {
                connection.walk(tag, DIRECTORY, FIRST_WALKED + slot, "file" + random.nextInt(FILES));
                hasFid[slot] = true;
            }
            return 1;
        }

        private double cpuMicros() throws IOException {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * (double) MICROSECONDS_PER_TICK;
        }
    }

    /** A connection with a buffer of requests to be sent. */
    private static final class Connection {
        /** Bytes that clients reserve for the headers of data (P9_IOHDRSZ). Beyond them diod refuses data. */
        static final int DATA_HEADER_BYTES = 24;
        private static final int HEADER_BYTES = 7;
        private static final int NO_TAG = 0xFFFF;
        private static final int NO_FID = -1;

        private static final byte TVERSION = 100;
        private static final byte TATTACH = 104;
        private static final byte TWALK = 110;
        private static final byte TLCREATE = 14;
        private static final byte TMKDIR = 72;
        private static final byte TGETATTR = 24;
        private static final byte TREAD = 116;
        private static final byte TWRITE = 118;
        private static final byte TCLUNK = 120;
        private static final byte RLERROR = 7;

        private final SocketChannel socket;
        private final ByteBuffer out = ByteBuffer.allocateDirect(8 << 20).order(ByteOrder.LITTLE_ENDIAN);
        private final ByteBuffer in = ByteBuffer.allocateDirect(2 << 20).order(ByteOrder.LITTLE_ENDIAN);
        private final byte[] payload = new byte[MIB];
        private int start;

        Connection(int port) throws IOException {
            socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            in.flip();
            new Random(2).nextBytes(payload);
        }

        private ByteBuffer begin(byte type, int tag) {
            start = out.position();
            return out.putInt(0).put(type).putShort((short) tag);
        }

        private void end() {
            out.putInt(start, out.position() - start);
        }

        private void string(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) bytes.length).put(bytes);
        }

        /** Negotiates; the size of the largest message. */
        int version() throws IOException {
            begin(TVERSION, NO_TAG).putInt(MESSAGE_BYTES);
            string("9P2000.L");
            end();
            flush();
            while (in.remaining() < HEADER_BYTES + Integer.BYTES) {
                fill();
            }
            int size = in.getInt(in.position() + HEADER_BYTES);
            readReply();
            return size;
        }

        void attach(int fid, String tree) throws IOException {
            begin(TATTACH, 0).putInt(fid).putInt(NO_FID);
            string("root");
            string(tree);
            out.putInt(0);
            end();
            await(1);
        }

        void mkdir(int fid, String child) throws IOException {
            begin(TMKDIR, 0).putInt(fid);
            string(child);
            out.putInt(0777).putInt(0);
            end();
            await(1);
        }

        void walk(int tag, int fid, int newFid, String child) {
            begin(TWALK, tag).putInt(fid).putInt(newFid).putShort((short) 1);
            string(child);
            end();
        }

        void create(int directory, int fid, String child) throws IOException {
            begin(TWALK, 0).putInt(directory).putInt(fid).putShort((short) 0);
            end();
            await(1);
            begin(TLCREATE, 0).putInt(fid);
            string(child);
            out.putInt(2).putInt(0666).putInt(0);
            end();
            await(1);
        }

        void getattr(int tag, int fid) {
            begin(TGETATTR, tag).putInt(fid).putLong(0x7ff);
            end();
        }

        void read(int tag, int fid, long offset, int count) {
            begin(TREAD, tag).putInt(fid).putLong(offset).putInt(count);
            end();
        }

        void write(int tag, int fid, long offset, int count) {
            begin(TWRITE, tag).putInt(fid).putLong(offset).putInt(count).put(payload, 0, count);
            end();
        }

        void clunk(int tag, int fid) {
            begin(TCLUNK, tag).putInt(fid);
            end();
        }

        void await(int replies) throws IOException {
            flush();
            for (int i = 0; i < replies; i++) {
                readReply();
            }
        }

        void flush() throws IOException {
            out.flip();
            while (out.hasRemaining()) {
                socket.write(out);
            }
            out.clear();
        }

        private void fill() throws IOException {
            in.compact();
            if (socket.read(in) < 0) {
                throw new EOFException("the server closed the connection");
            }
            in.flip();
        }

        /** Waits for the next reply; its tag. */
        int readReply() throws IOException {
            int tag = readReplyIfThere();
            while (tag < 0) {
                fill();
                tag = readReplyIfThere();
            }
            return tag;
        }

        /** The tag of the next reply that is there as a whole, or -1. */
        int readReplyIfThere() throws IOException {
            if (in.remaining() < HEADER_BYTES) {
                return -1;
            }
            int at = in.position();
            int length = in.getInt(at);
            if (in.remaining() < length) {
                return -1;
            }
            if (in.get(at + Integer.BYTES) == RLERROR) {
                throw new IOException("error " + in.getInt(at + HEADER_BYTES));
            }
            in.position(at + length);
            return in.getShort(at + Integer.BYTES + 1) & 0xFFFF;
        }
    }
}
