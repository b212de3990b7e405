// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.client.ClientSocket;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.ninep.wire.GetattrMask;
import io.zerofs.server.ninep.wire.LockOwner;
import io.zerofs.server.ninep.wire.LockRange;
import io.zerofs.server.ninep.wire.LockStatus;
import io.zerofs.server.ninep.wire.LockType;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * {@code Abuse attack KIND CONNECTIONS NFS_PORT NINEP_PORT NBD_PORT}: takes as much as the daemon allows, prints
 * "attacking", and continues until standard input ends. {@code Abuse measure NINEP_PORT SECONDS}: prints the time that
 * requests of an ordinary client take. {@code Abuse fill NINEP_PORT}: writes the file that the attack "reads" needs.
 */
final class Abuse {
    private static final String LONG_NAME = "n".repeat(255);
    private static final LockOwner LOCK_OWNER = new LockOwner(7, bytes("host"));
    private static final int FILE = 1;
    private static final int CONNECTED = 1_000;
    private static final int LISTS = 230;
    private static final int FILES = 2_000;
    private static final int DEPTH = 160;
    private static final int NAMES_MAX = 16;
    private static final int TAGS = 60_000;
    private static final int SENT_AT_ONCE = 64 << 10;
    private static final int BLOCK = 256 << 10;
    private static final long LARGE = 256 << 20;

    private Abuse() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("fill")) {
            fill(limited(Integer.parseInt(arguments[1])));
            return;
        }
        if (arguments[0].equals("measure")) {
            measure(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            return;
        }
        int nfs = Integer.parseInt(arguments[3]);
        int ninep = Integer.parseInt(arguments[4]);
        int nbd = Integer.parseInt(arguments[5]);
        for (int i = Integer.parseInt(arguments[2]); i > 0; i--) {
            Thread attack = new Thread(() -> {
                try {
                    attack(arguments[1], nfs, ninep, nbd);
                } catch (IOException | InterruptedException e) {
                    System.out.println("the attack ended: " + e);
                }
            });
            attack.setDaemon(true);
            attack.start();
        }
        while (System.in.read() >= 0) {
            // The script that started this closes its input to end it.
        }
    }

    private static void attack(String kind, int nfs, int ninep, int nbd) throws IOException, InterruptedException {
        switch (kind) {
            case "silent" -> silent(nfs, ninep);
            case "fids" -> fids(client(ninep));
            case "walks" -> walks(client(ninep));
            case "locks" -> locks(client(ninep));
            case "xattrs" -> xattrs(client(ninep));
            case "lists" -> lists(client(ninep), nbd);
            case "requests" -> flood(client(ninep), i -> new Tmessage.Tgetattr(ROOT, GetattrMask.ALL));
            case "flushes" -> flood(client(ninep), i -> new Tmessage.Tflush(tag(i + 7)));
            case "writes" -> writes(client(ninep));
            case "reads" -> reads(client(ninep));
            case "mounts" -> mounts(Nfs3Client.alone(nfs));
            case "listings" -> listings(Nfs3Client.alone(nfs), client(ninep));
            case "devices" -> devices(client(ninep), nbd);
            default -> throw new IllegalArgumentException(kind);
        }
    }

    /** Connects with a session whose largest message has more than a block. */
    private static NinePSocket client(int port) throws IOException, InterruptedException {
        return begin(NinePSocket.alone(port));
    }

    /** Connects for requests that fail after a time limit if no reply comes. */
    private static NinePSocket limited(int port) throws IOException, InterruptedException {
        return begin(NinePSocket.connect(ClientSocket.loopback(port)));
    }

    private static NinePSocket begin(NinePSocket client) throws IOException, InterruptedException {
        client.version(1 << 20);
        client.attach(ROOT, 0);
        return client;
    }

    private static int tag(int request) {
        return 1 + request % TAGS;
    }

    private static void begun(String what) {
        System.out.println("attacking: " + what);
    }

    private static void stay() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    private static void silent(int... ports) throws IOException, InterruptedException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < CONNECTED; i++) {
            sockets.add(new Socket("127.0.0.1", ports[i % ports.length]));
        }
        begun(sockets.size() + " silent connections");
        stay();
    }

    private static void fids(NinePClient client) throws IOException, InterruptedException {
        int count = 0;
        while (client.error(NinePClient.walkMessage(ROOT, 10 + count)) == null) {
            count++;
        }
        begun(count + " fids");
        while (true) {
            client.call(NinePClient.walkMessage(ROOT, 10 + count));
        }
    }

    private static void walks(NinePClient client) throws IOException, InterruptedException {
        client.walk(ROOT, FILE);
        for (int i = 0; i < DEPTH; i++) {
            client.call(new Tmessage.Tmkdir(FILE, bytes(LONG_NAME), 0755, 0));
            client.call(NinePClient.walkMessage(FILE, FILE, LONG_NAME));
        }
        begun("walks");
        String[] names = new String[NAMES_MAX];
        Arrays.fill(names, LONG_NAME);
        for (int fid = 2; ; fid++) {
            client.call(NinePClient.walkMessage(ROOT, fid, names));
            for (int i = NAMES_MAX; i < DEPTH; i += NAMES_MAX) {
                client.call(NinePClient.walkMessage(fid, fid, names));
            }
        }
    }

    private static void locks(NinePClient client) throws IOException, InterruptedException {
        client.create(ROOT, FILE, "locks", OpenFlags.READ_WRITE, 0644);
        int count = 0;
        while (client.call(lock(2L * count)).equals(new Rmessage.Rlock(LockStatus.SUCCESS))) {
            count++;
        }
        begun(count + " locks");
        while (true) {
            client.call(new Tmessage.Tgetlock(FILE, LockType.WRITE, new LockRange(1L << 40, 1), LOCK_OWNER));
        }
    }

    private static Tmessage lock(long start) {
        return new Tmessage.Tlock(FILE, LockType.WRITE, 0, new LockRange(start, 1), LOCK_OWNER);
    }

    private static void xattrs(NinePClient client) throws IOException, InterruptedException {
        int count = 0;
        boolean taken = true;
        while (taken) {
            client.call(NinePClient.walkMessage(ROOT, 10 + count));
            taken = client.error(new Tmessage.Txattrcreate(10 + count, bytes("user.a"), 65_536, 0)) == null;
            count++;
        }
        begun(count + " attributes");
        stay();
    }

    private static void lists(NinePClient client, int nbd) throws IOException, InterruptedException {
        client.walk(ROOT, FILE, ".nbd");
        makeFiles(client, 9_900, i -> String.format("%05d", i) + "x".repeat(250));
        List<NbdClient> clients = new ArrayList<>();
        for (int i = 0; i < LISTS; i++) {
            NbdClient list = NbdClient.raw(ListenAddress.tcp("127.0.0.1", nbd));
            clients.add(list);
            try {
                list.send(NbdClient.FLAGS);
                list.sendOption(NbdOption.LIST.code(), new byte[0]);
            } catch (IOException e) {
                // Refused, as it may be.
            }
        }
        begun(clients.size() + " lists");
        stay();
    }

    /** Makes files in the directory of the fid. */
    private static void makeFiles(NinePClient client, int count, IntFunction<String> name)
            throws IOException, InterruptedException {
        for (int i = 0; i < count; i++) {
            client.call(NinePClient.walkMessage(FILE, 2));
            client.call(new Tmessage.Tlcreate(2, bytes(name.apply(i)), OpenFlags.READ_WRITE, 0644, 0));
            client.call(new Tmessage.Tclunk(2));
        }
    }

    private static void writes(NinePSocket client) throws IOException, InterruptedException {
        client.create(ROOT, FILE, "written" + System.nanoTime(), OpenFlags.READ_WRITE, 0644);
        ByteBuf block = Unpooled.buffer(BLOCK).writeZero(BLOCK);
        flood(client, i -> new Tmessage.Twrite(FILE, i * (long) BLOCK % LARGE, block.setLong(0, System.nanoTime())));
    }

    /** Reads the file of {@code fill} at random places. */
    private static void reads(NinePSocket client) throws IOException, InterruptedException {
        client.walk(ROOT, FILE, "filled");
        client.open(FILE, OpenFlags.READ_ONLY);
        Random random = new Random();
        flood(client, i -> new Tmessage.Tread(FILE, random.nextLong(LARGE), 4_096));
    }

    private static void fill(NinePClient client) throws IOException, InterruptedException {
        client.create(ROOT, FILE, "filled", OpenFlags.READ_WRITE, 0644);
        byte[] data = new byte[BLOCK];
        for (long offset = 0; offset < LARGE; offset += BLOCK) {
            new Random(offset).nextBytes(data);
            client.ok(new Tmessage.Twrite(FILE, offset, Unpooled.wrappedBuffer(data)));
        }
        client.ok(new Tmessage.Tfsync(FILE, false));
    }

    private static void mounts(Nfs3Client client) throws IOException {
        flood(
                "mounts",
                client.rpc().socket(),
                i -> client.rpc().add(client.mountHeader(1), out -> out.writeOpaque(bytes("/"))));
    }

    /** Lists the root, to which it adds many files, with READDIRPLUS. */
    private static void listings(Nfs3Client nfs, NinePClient ninep) throws IOException, InterruptedException {
        ninep.walk(ROOT, FILE);
        makeFiles(ninep, FILES, i -> "listed" + i);
        byte[] root = nfs.mount("/");
        flood("listings", nfs.rpc().socket(), i -> nfs.add(new Nfs3Call.ReadDirPlus(root, 0, 0, 1 << 20, 1 << 20)));
    }

    /** Sends reads of 32 MiB without end, and never reads a reply. */
    private static void devices(NinePClient client, int port) throws IOException, InterruptedException {
        client.walk(ROOT, FILE, ".nbd");
        client.call(new Tmessage.Tlcreate(FILE, bytes("device"), OpenFlags.READ_WRITE, 0644, 0));
        client.call(NinePClient.writeMessage(FILE, 64 << 20, "\0"));
        NbdClient nbd = NbdClient.connect(ListenAddress.tcp("127.0.0.1", port)).go("device");
        begun("reads of 32 MiB");
        for (long i = 0; ; i++) {
            nbd.send(NbdClient.requestBytes(0, NbdCommand.READ.code(), i, 0, 32 << 20));
        }
    }

    private static void flood(NinePSocket client, IntFunction<Tmessage> requests) throws IOException {
        flood(requests.apply(0).type().toString(), client.socket(), i -> client.add(tag(i), requests.apply(i)));
    }

    /** Sends requests without waiting for the replies. */
    private static void flood(String what, ClientSocket socket, IntConsumer add) throws IOException {
        Thread reader = new Thread(() -> {
            try {
                socket.drain();
                System.out.println("the attacked daemon closed a connection");
            } catch (IOException e) {
                System.out.println("a connection broke: " + e);
            }
        });
        reader.setDaemon(true);
        reader.start();
        begun(what);
        for (int i = 0; ; i = i + 1 & Integer.MAX_VALUE) {
            add.accept(i);
            if (socket.out().readableBytes() >= SENT_AT_ONCE) {
                socket.flush();
            }
        }
    }

    private static void measure(int port, int seconds) throws IOException, InterruptedException {
        NinePSocket client = limited(port);
        client.create(ROOT, FILE, "measured" + System.nanoTime(), OpenFlags.READ_WRITE, 0644);
        List<Long> times = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int i = 0; System.nanoTime() < end; i++) {
            long offset = i % 64 * 4_096L;
            times.add(timed(() -> client.attributes(FILE)));
            times.add(timed(() -> {
                client.ok(new Tmessage.Twrite(FILE, offset, Unpooled.wrappedBuffer(new byte[4_096])));
                client.ok(new Tmessage.Tfsync(FILE, false));
            }));
            times.add(timed(() -> client.ok(new Tmessage.Tread(FILE, offset, 4_096))));
        }
        times.sort(null);
        System.out.printf("%d %d%n", times.get(times.size() * 99 / 100) / 1_000, times.size());
    }

    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    private static long timed(Step step) throws IOException, InterruptedException {
        long start = System.nanoTime();
        step.run();
        return System.nanoTime() - start;
    }
}
