// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.util.Random;

/**
 * Compares NFS version 3 servers, one connection each, many calls in flight: {@code NfsLoad SECONDS ROUNDS
 * NAME=PORT:MOUNT_PORT:PATH:PID…}, see {@link Comparison}.
 */
final class NfsLoad {
    private static final int FILES = 1_000;
    private static final int DATA_BYTES = 64 << 20;
    private static final int SMALL = 4_096;
    private static final int LARGE = 1 << 20;

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

    private NfsLoad() {}

    public static void main(String[] arguments) throws Exception {
        Comparison.run(arguments, Operation.class, Server::new);
    }

    /** One server with its connection, a directory of files and a file of data. */
    private static final class Server implements Comparison.Server<Operation> {
        private final Comparison.Target target;
        private final Nfs3Client client;
        private final byte[] directory;
        private final byte[][] handles = new byte[FILES][];
        private final byte[] data;
        private final byte[] payload = new byte[LARGE];
        private final ByteBuf large = Unpooled.wrappedBuffer(payload);
        private final ByteBuf small = large.slice(0, SMALL);
        private final Random random = new Random(1);
        private int created;
        private int removed;

        Server(Comparison.Target target) throws IOException {
            this.target = target;
            random.nextBytes(payload);
            byte[] root = Nfs3Client.alone(target.port(1)).mount(target.parts()[2]);
            client = Nfs3Client.alone(target.port(0));
            directory =
                    client.makeDirectory(root, "load" + ProcessHandle.current().pid());
            for (int i = 0; i < FILES; i++) {
                handles[i] = client.create(directory, "file" + i);
            }
            data = client.create(directory, "data");
            for (int offset = 0; offset < DATA_BYTES; offset += LARGE) {
                client.write(data, offset, payload, StableHow.UNSTABLE);
            }
            client.commit(data);
        }

        @Override
        public String title() {
            return target.name();
        }

        @Override
        public long pid() {
            return target.pid();
        }

        @Override
        public void prepare(Operation operation) throws IOException {
            while (operation == Operation.REMOVE && created < removed + FILES) {
                client.create(directory, "c" + created++);
            }
        }

        @Override
        public long run(Operation operation, long end) throws IOException {
            long calls = 0;
            int inFlight = 0;
            boolean more = true;
            while (more || inFlight > 0) {
                while (more && inFlight < operation.inFlight) {
                    add(operation);
                    inFlight++;
                    more = System.nanoTime() < end && (operation != Operation.REMOVE || removed < created);
                }
                client.rpc().socket().flush();
                int replies = client.rpc().skipReplies();
                calls += replies;
                inFlight -= replies;
            }
            return calls;
        }

        private void add(Operation operation) {
            switch (operation) {
                case NULL -> client.rpc().add(client.nfsHeader(Nfs3Procedure.NULL), out -> {});
                case GETATTR, GETATTR_1 -> client.add(new Nfs3Call.GetAttr(handles[random.nextInt(FILES)]));
                case LOOKUP ->
                    client.add(new Nfs3Call.Lookup(directory, Nfs3Client.bytes("file" + random.nextInt(FILES))));
                case CREATE -> client.add(Nfs3Client.createCall(directory, "c" + created++));
                case REMOVE -> client.add(new Nfs3Call.Remove(directory, Nfs3Client.bytes("c" + removed++)));
                case READ_4K -> client.add(new Nfs3Call.Read(data, offset(SMALL), SMALL));
                case READ_1M -> client.add(new Nfs3Call.Read(data, offset(LARGE), LARGE));
                case WRITE_4K -> client.add(new Nfs3Call.Write(data, offset(SMALL), StableHow.UNSTABLE, small));
                case WRITE_1M -> client.add(new Nfs3Call.Write(data, offset(LARGE), StableHow.UNSTABLE, large));
            }
        }

        private long offset(int unit) {
            return (long) random.nextInt(DATA_BYTES / unit) * unit;
        }
    }
}
