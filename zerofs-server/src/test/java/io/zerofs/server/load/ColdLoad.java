// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.util.Random;

/**
 * Uses an NFS version 3 server as one program would, over one connection.
 *
 * <pre>
 * ColdLoad PORT make FILES BYTES   makes files of so many bytes in directories of 10,000, one after the other
 * ColdLoad PORT many FILES         makes empty files, many calls in flight
 * ColdLoad PORT read NAME          reads a file of the root from its beginning to its end
 * ColdLoad PORT write NAME MIB     writes one that does not compress, and commits it
 * </pre>
 *
 * {@code read} has four calls of 1 MiB in flight, as a kernel's client does with its read-ahead. It prints the
 * milliseconds to the first and to the last byte. The others print milliseconds, with a COMMIT at the end.
 */
final class ColdLoad {
    private static final int FILES_PER_DIRECTORY = 10_000;
    private static final int MIB = 1 << 20;
    private static final int IN_FLIGHT = 4;
    private static final int MANY_IN_FLIGHT = 64;

    private final Nfs3Client client;
    private final byte[] root;
    private final Random random = new Random(2);
    private int inFlight;

    private ColdLoad(int port) throws IOException {
        client = Nfs3Client.alone(port);
        root = client.mount("/");
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

    private byte[] payload(int bytes) {
        byte[] payload = new byte[bytes];
        random.nextBytes(payload);
        return payload;
    }

    private void make(int files, int bytes) throws IOException {
        byte[] payload = payload(bytes);
        byte[] directory = root;
        for (int i = 0; i < files; i++) {
            directory = directoryOf(i, directory);
            client.write(client.create(directory, "f" + i), 0, payload, StableHow.UNSTABLE);
        }
        settle();
    }

    private byte[] directoryOf(int file, byte[] current) throws IOException {
        return file % FILES_PER_DIRECTORY == 0
                ? client.makeDirectory(root, "d" + ProcessHandle.current().pid() + "-" + file)
                : current;
    }

    private void many(int files) throws IOException {
        byte[] directory = root;
        for (int i = 0; i < files; i++) {
            awaitLess(i % FILES_PER_DIRECTORY == 0 ? 1 : MANY_IN_FLIGHT);
            directory = directoryOf(i, directory);
            client.add(Nfs3Client.createCall(directory, "f" + i));
            inFlight++;
        }
        awaitLess(1);
        settle();
    }

    /** Sends what was added, and waits until fewer calls than this are in flight. */
    private void awaitLess(int calls) throws IOException {
        while (inFlight >= calls) {
            client.rpc().socket().flush();
            inFlight -= client.rpc().skipReplies();
        }
    }

    /** Waits until all is durable. */
    private void settle() throws IOException {
        client.commit(client.create(root, "settled" + ProcessHandle.current().pid()));
    }

    private void write(String name, int mebibytes) throws IOException {
        byte[] payload = payload(MIB);
        byte[] file = client.create(root, name);
        for (int i = 0; i < mebibytes; i++) {
            client.write(file, (long) i * MIB, payload, StableHow.UNSTABLE);
        }
        client.commit(file);
    }

    /** Returns when the first byte was there. */
    private long read(String name) throws IOException {
        Nfs3Result.LookupOk found = client.lookup(root, name);
        client.read(found.object(), 0, 4_096);
        long first = System.nanoTime();
        for (long at = 0; at < found.attributes().size(); at += MIB) {
            awaitLess(IN_FLIGHT);
            client.add(new Nfs3Call.Read(found.object(), at, MIB));
            inFlight++;
            client.rpc().socket().flush();
        }
        awaitLess(1);
        return first;
    }
}
