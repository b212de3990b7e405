// SPDX-License-Identifier: AGPL-3.0-only

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Uses an NFS version 3 server as one program would, over one connection. Compiled together with {@code NfsLoad}.
 *
 * <pre>
 * java ColdLoad PORT make FILES BYTES   makes files of so many bytes in directories of 10,000, one after the other
 * java ColdLoad PORT many FILES         makes empty files, many calls in flight
 * java ColdLoad PORT read NAME          reads a file of the root from its beginning to its end
 * java ColdLoad PORT write NAME MIB     writes one that does not compress, and commits it
 * </pre>
 *
 * {@code read} has four calls of 1 MiB in flight, as a kernel's client does with its read-ahead, and prints the
 * milliseconds to the first byte and those to the last; the others print milliseconds, with a COMMIT at the end.
 */
public final class ColdLoad {
    private static final int FILES_PER_DIRECTORY = 10_000;
    private static final int MIB = 1 << 20;
    private static final int IN_FLIGHT = 4;
    private static final int MANY_IN_FLIGHT = 64;

    private final NfsLoad.Connection connection;
    private final byte[] root;

    private ColdLoad(int port) throws IOException {
        root = new NfsLoad.Connection(port).mount("/");
        connection = new NfsLoad.Connection(port);
    }

    public static void main(String[] args) throws IOException {
        ColdLoad load = new ColdLoad(Integer.parseInt(args[0]));
        long start = System.nanoTime();
        switch (args[1]) {
            case "make" -> load.make(Integer.parseInt(args[2]), Integer.parseInt(args[3]));
            case "many" -> load.many(Integer.parseInt(args[2]));
            case "write" -> load.write(args[2], Integer.parseInt(args[3]));
            case "read" -> System.out.print(millisSince(start, load.read(args[2])) + " ");
            default -> throw new IllegalArgumentException(args[1]);
        }
        System.out.println(millisSince(start, System.nanoTime()));
    }

    private static long millisSince(long start, long end) {
        return Math.round((end - start) / 1e6);
    }

    private void make(int files, int bytes) throws IOException {
        byte[] directory = root;
        for (int i = 0; i < files; i++) {
            directory = directoryOf(i, directory);
            connection.create(directory, "f" + i);
            byte[] file = NfsLoad.created(connection.call());
            connection.write(file, 0, bytes);
            connection.call();
        }
        settle();
    }

    private byte[] directoryOf(int file, byte[] current) throws IOException {
        return file % FILES_PER_DIRECTORY == 0
                ? connection.makeDirectory(root, "d" + ProcessHandle.current().pid() + "-" + file)
                : current;
    }

    private void many(int files) throws IOException {
        byte[] directory = root;
        int inFlight = 0;
        for (int i = 0; i < files; i++) {
            while (inFlight > 0 && (i % FILES_PER_DIRECTORY == 0 || inFlight == MANY_IN_FLIGHT)) {
                connection.flush();
                inFlight -= connection.readReplies();
            }
            directory = directoryOf(i, directory);
            connection.create(directory, "f" + i);
            connection.end();
            inFlight++;
        }
        while (inFlight > 0) {
            connection.flush();
            inFlight -= connection.readReplies();
        }
        settle();
    }

    /** Waits until all is durable. */
    private void settle() throws IOException {
        connection.create(root, "settled" + ProcessHandle.current().pid());
        connection.commit(NfsLoad.created(connection.call()));
    }

    private void write(String name, int mebibytes) throws IOException {
        connection.create(root, name);
        byte[] file = NfsLoad.created(connection.call());
        for (int i = 0; i < mebibytes; i++) {
            connection.write(file, (long) i * MIB, MIB);
            connection.call();
        }
        connection.commit(file);
    }

    /** Returns when the first byte was there. */
    private long read(String name) throws IOException {
        connection.lookup(root, name);
        ByteBuffer found = connection.call();
        byte[] file = new byte[found.getInt(4)];
        found.position(8).get(file);
        // after the handle: attributes follow, and in them type, mode, links, owner, group and then the size
        long size = found.getLong(8 + (file.length + 3) / 4 * 4 + 4 + 5 * 4);
        connection.read(file, 0, 4096);
        connection.call();
        long first = System.nanoTime();
        int inFlight = 0;
        for (long at = 0; at < size; at += MIB) {
            if (inFlight == IN_FLIGHT) {
                inFlight -= connection.readReplies();
            }
            connection.read(file, at, MIB);
            connection.end();
            connection.flush();
            inFlight++;
        }
        while (inFlight > 0) {
            inFlight -= connection.readReplies();
        }
        return first;
    }
}
