// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Tmessage;
import java.io.IOException;
import java.util.Random;

/**
 * Compares 9P2000.L servers, one connection each, one or many requests in flight: {@code NinePLoad SECONDS ROUNDS
 * NAME=PORT:ANAME:PID…}, see {@link Comparison}.
 *
 * <p>A walk is a Twalk of one name to a new fid and its Tclunk. An operation on data is split into as many
 * messages as the server's largest message makes necessary; they are in flight together.
 */
final class NinePLoad {
    private static final int FILES = 1_000;
    private static final int DATA_BYTES = 64 << 20;
    private static final int KIB_64 = 64 << 10;
    private static final int MIB = 1 << 20;

    /** Bytes that clients reserve for the headers of data (P9_IOHDRSZ). Beyond them diod refuses data. */
    private static final int DATA_HEADER_BYTES = 24;

    /** Message size: Linux asks for 1 MiB with msize=1048576, plus room for the headers of a mebibyte. */
    private static final int MESSAGE_BYTES = MIB + DATA_HEADER_BYTES;

    /** P9_GETATTR_BASIC, as stat(2) needs it. */
    private static final long BASIC_ATTRIBUTES = 0x7FF;

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

    private NinePLoad() {}

    public static void main(String[] arguments) throws Exception {
        Comparison.run(arguments, Operation.class, Server::new);
    }

    /** One server with its connection, a directory of files and a file of data. */
    private static final class Server implements Comparison.Server<Operation> {
        private static final int DIRECTORY = 1;
        private static final int DATA = 2;
        private static final int FIRST_FILE = 100;
        private static final int FIRST_WALKED = 10_000;
        private static final int TAGS_PER_SLOT = 64;

        private final Comparison.Target target;
        private final NinePSocket client;
        private final int messageBytes;
        private final ByteBuf payload;
        private final Random random = new Random(1);

        Server(Comparison.Target target) throws IOException, InterruptedException {
            this.target = target;
            byte[] bytes = new byte[MIB];
            random.nextBytes(bytes);
            payload = Unpooled.wrappedBuffer(bytes);
            client = NinePSocket.alone(target.port(0));
            messageBytes = client.version(MESSAGE_BYTES);
            client.attach(NinePClient.ROOT, target.parts()[1], 0);
            String directory = "load" + ProcessHandle.current().pid();
            client.ok(new Tmessage.Tmkdir(NinePClient.ROOT, NinePClient.bytes(directory), 0777, 0));
            client.walk(NinePClient.ROOT, DIRECTORY, directory);
            for (int i = 0; i < FILES; i++) {
                client.create(DIRECTORY, FIRST_FILE + i, "file" + i, OpenFlags.READ_WRITE, 0666);
            }
            client.create(DIRECTORY, DATA, "data", OpenFlags.READ_WRITE, 0666);
            for (int offset = 0; offset < DATA_BYTES; offset += MIB) {
                int messages = addData(Operation.WRITE_1M_1, 0, offset);
                client.socket().flush();
                for (int i = 0; i < messages; i++) {
                    client.skipReply();
                }
            }
        }

        @Override
        public String title() {
            return target.name() + ", msize " + messageBytes;
        }

        @Override
        public long pid() {
            return target.pid();
        }

        /**
         * Runs an operation for some time. Each slot has one operation in flight, and the tag of a reply names its
         * slot.
         */
        @Override
        public long run(Operation operation, long end) throws IOException {
            int[] missing = new int[operation.inFlight];
            boolean[] hasFid = new boolean[operation.inFlight];
            long done = 0;
            int busy = 0;
            boolean more = true;
            // A walk that was begun is ended with its clunk.
            while (more || busy > 0 || anyOf(hasFid)) {
                for (int slot = 0; slot < missing.length; slot++) {
                    if (missing[slot] == 0 && (more || hasFid[slot])) {
                        missing[slot] = add(operation, slot, hasFid);
                        busy++;
                    }
                }
                client.socket().flush();
                do {
                    int slot = client.skipReply() / TAGS_PER_SLOT;
                    if (--missing[slot] == 0) {
                        busy--;
                        done += hasFid[slot] ? 0 : 1;
                    }
                } while (client.hasWholeReply());
                more = System.nanoTime() < end;
            }
            return done;
        }

        private static boolean anyOf(boolean[] flags) {
            for (boolean flag : flags) {
                if (flag) {
                    return true;
                }
            }
            return false;
        }

        /** Adds the next message or messages of a slot and returns their number. */
        private int add(Operation operation, int slot, boolean[] hasFid) {
            int tag = slot * TAGS_PER_SLOT;
            if (operation.bytes > 0) {
                long offset = (long) random.nextInt(DATA_BYTES / operation.bytes) * operation.bytes;
                return addData(operation, tag, offset);
            }
            if (!operation.walks()) {
                client.add(tag, new Tmessage.Tgetattr(FIRST_FILE + random.nextInt(FILES), BASIC_ATTRIBUTES));
            } else if (hasFid[slot]) {
                client.add(tag, new Tmessage.Tclunk(FIRST_WALKED + slot));
                hasFid[slot] = false;
            } else {
                String name = "file" + random.nextInt(FILES);
                client.add(tag, NinePClient.walkMessage(DIRECTORY, FIRST_WALKED + slot, name));
                hasFid[slot] = true;
            }
            return 1;
        }

        /** Adds an operation on data, on consecutive tags, and returns the number of its messages. */
        private int addData(Operation operation, int tag, long offset) {
            int pieceMax = messageBytes - DATA_HEADER_BYTES;
            int messages = 0;
            for (int at = 0; at < operation.bytes; at += pieceMax) {
                int count = Math.min(pieceMax, operation.bytes - at);
                client.add(
                        tag + messages,
                        operation.reads()
                                ? new Tmessage.Tread(DATA, offset + at, count)
                                : new Tmessage.Twrite(DATA, offset + at, payload.slice(0, count)));
                messages++;
            }
            return messages;
        }
    }
}
