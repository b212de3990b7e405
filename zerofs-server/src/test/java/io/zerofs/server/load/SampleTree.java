// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.netty.buffer.Unpooled;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.SetattrValid;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.WireTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * Writes a small tree that uses every kind of record, in several commits, and prints its listing: {@code SampleTree
 * first|second NFS_PORT NINEP_PORT NBD_PORT}. The second part changes the tree of the first one. For the stores in
 * {@code zerofs-cli/src/test/resources/stores}; one thread.
 */
final class SampleTree implements AutoCloseable {
    private static final int DIRECTORY = 1;
    private static final int FILE = 2;
    private static final int HELD = 3;
    private static final int OTHER = 4;
    private static final int CHUNK = 256 << 10;
    private static final int SHRUNK_CHUNKS = 300;
    private static final int DEVICE_BYTES = 8 << 20;
    private static final int MEBIBYTE = 1 << 20;

    private final NinePClient client;

    private SampleTree(int port) throws IOException, InterruptedException {
        client = NinePSocket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .begin(0);
    }

    public static void main(String[] arguments) throws Exception {
        int nbdPort = Integer.parseInt(arguments[3]);
        try (SampleTree tree = new SampleTree(Integer.parseInt(arguments[2]))) {
            if (arguments[0].equals("first")) {
                createExclusively(Integer.parseInt(arguments[1]));
                tree.makeDirectories();
                tree.makeFiles();
                tree.makeNodes();
                tree.writeDevice(nbdPort, 1);
                tree.cutAndHold();
            } else {
                tree.change();
                tree.writeDevice(nbdPort, 2);
            }
            TreeListing.of(tree.client).forEach(System.out::println);
        }
    }

    /** The verifier of such a creation stays in the inode until its attributes are set. */
    private static void createExclusively(int port) throws IOException {
        try (Nfs3Client nfs = Nfs3Client.connect(port).as(0, 0)) {
            Nfs3Call.Create create = new Nfs3Call.Create(
                    nfs.mount("/"),
                    Nfs3Client.bytes("exclusive"),
                    Nfs3Call.Create.Mode.EXCLUSIVE,
                    Sattr3.NONE,
                    0x1122334455667788L);
            nfs.call(Nfs3Result.CreateOk.class, create);
        }
    }

    private void makeDirectories() throws Exception {
        for (String name : new String[] {"d", "links", "entries", ".nbd"}) {
            if (client.error(mkdir(NinePClient.ROOT, name)) != null && !name.equals(".nbd")) {
                throw new IOException("the directory " + name + " cannot be made");
            }
        }
        client.walk(NinePClient.ROOT, DIRECTORY, "d");
        client.ok(mkdir(DIRECTORY, "sub"));
        setAttribute(DIRECTORY, "user.directory", "of a directory");
        client.walk(DIRECTORY, FILE, "sub");
        setMode(FILE, 01777);
        client.clunk(FILE);
        client.clunk(DIRECTORY);
        client.walk(NinePClient.ROOT, DIRECTORY, "entries");
        for (int i = 0; i < 200; i++) {
            client.create(DIRECTORY, FILE, "entry-" + i, OpenFlags.READ_WRITE, 0600);
            client.clunk(FILE);
        }
        client.clunk(DIRECTORY);
    }

    private void makeFiles() throws Exception {
        client.walk(NinePClient.ROOT, DIRECTORY, "d");
        client.create(DIRECTORY, FILE, "text", OpenFlags.READ_WRITE, 0644);
        write(FILE, 0, text(300_000));
        sync(FILE);
        setAttribute(FILE, "user.a", "value");
        setAttribute(FILE, "trusted.empty", "");
        setAttribute(FILE, "user.long", "x".repeat(3000) + "\0\u00ff");
        client.ok(new Tmessage.Tsetattr(
                FILE,
                SetattrValid.MODE
                        | SetattrValid.UID
                        | SetattrValid.GID
                        | SetattrValid.MODIFIED
                        | SetattrValid.MODIFIED_SET,
                04755,
                1000,
                1001,
                0,
                WireTime.ZERO,
                new WireTime(1_000_000_000, 123_456_789)));
        client.clunk(FILE);
        client.create(DIRECTORY, FILE, "random \u00ff", OpenFlags.READ_WRITE, 0640);
        write(FILE, 0, noise(1, 5_000));
        sync(FILE);
        client.clunk(FILE);
        client.create(DIRECTORY, FILE, "sparse", OpenFlags.READ_WRITE, 0600);
        write(FILE, 0, new byte[] {1});
        write(FILE, 3 * MEBIBYTE, new byte[] {2});
        setSize(FILE, 5 * MEBIBYTE);
        client.clunk(FILE);
        client.create(DIRECTORY, FILE, "rewritten", OpenFlags.READ_WRITE, 0600);
        write(FILE, 0, text(200_000));
        sync(FILE);
        setSize(FILE, 1_000);
        setSize(FILE, 50_000);
        write(FILE, 30_000, noise(2, 100));
        sync(FILE);
        client.clunk(FILE);
        client.create(DIRECTORY, FILE, "gone", OpenFlags.READ_WRITE, 0600);
        write(FILE, 0, text(100_000));
        sync(FILE);
        client.clunk(FILE);
        client.ok(unlink(DIRECTORY, "gone"));
        client.clunk(DIRECTORY);
    }

    private void makeNodes() throws Exception {
        client.walk(NinePClient.ROOT, DIRECTORY, "links");
        client.create(DIRECTORY, FILE, "one", OpenFlags.READ_WRITE, 0644);
        client.write(FILE, 0, "three names");
        for (String name : new String[] {"two", "three"}) {
            client.ok(new Tmessage.Tlink(DIRECTORY, FILE, NinePClient.bytes(name)));
        }
        client.create(DIRECTORY, OTHER, "replaced", OpenFlags.READ_WRITE, 0644);
        client.clunk(OTHER);
        client.ok(rename(DIRECTORY, "two", DIRECTORY, "replaced"));
        client.clunk(FILE);
        client.ok(new Tmessage.Tsymlink(
                DIRECTORY, NinePClient.bytes("symlink"), NinePClient.bytes("../d/random \u00ff"), 5));
        int[] kinds = {0010000, 0140000, 0020000, 0060000};
        for (int kind : kinds) {
            byte[] name = NinePClient.bytes("node-" + Integer.toOctalString(kind));
            boolean device = kind == 0020000 || kind == 0060000;
            client.ok(new Tmessage.Tmknod(DIRECTORY, name, kind | 0644, device ? 8 : 0, device ? 300 : 0, 5));
        }
        client.clunk(DIRECTORY);
    }

    /** The tail of a long file waits to be removed, and a file without a name stays while it is open. */
    private void cutAndHold() throws Exception {
        client.create(NinePClient.ROOT, FILE, "shrunk", OpenFlags.READ_WRITE, 0644);
        for (int i = 0; i < SHRUNK_CHUNKS; i++) {
            write(FILE, (long) i * CHUNK, new byte[] {(byte) i});
        }
        client.create(NinePClient.ROOT, HELD, "orphan", OpenFlags.READ_WRITE, 0644);
        write(HELD, 0, text(5_000));
        sync(FILE);
        client.ok(unlink(NinePClient.ROOT, "orphan"));
        setSize(FILE, 10);
        sync(FILE);
    }

    private void change() throws Exception {
        client.walk(NinePClient.ROOT, DIRECTORY, "d");
        client.walk(DIRECTORY, FILE, "text");
        client.open(FILE, OpenFlags.READ_WRITE);
        for (int i = 0; i < 12; i++) {
            write(FILE, i * 20_000L, noise(10 + i, 500));
            sync(FILE);
        }
        write(FILE, 300_000, text(1_000));
        client.clunk(FILE);
        client.ok(rename(DIRECTORY, "sub", NinePClient.ROOT, "moved"));
        client.clunk(DIRECTORY);
        client.walk(NinePClient.ROOT, DIRECTORY, "entries");
        for (int i = 0; i < 100; i++) {
            client.ok(unlink(DIRECTORY, "entry-" + i));
        }
        client.clunk(DIRECTORY);
        client.walk(NinePClient.ROOT, FILE, "shrunk");
        client.open(FILE, OpenFlags.READ_WRITE);
        write(FILE, 7L * CHUNK, text(100));
        sync(FILE);
        client.clunk(FILE);
    }

    private void writeDevice(int port, int seed) throws Exception {
        client.walk(NinePClient.ROOT, DIRECTORY, ".nbd");
        if (seed == 1) {
            client.create(DIRECTORY, FILE, "disk", OpenFlags.READ_WRITE, 0600);
            setSize(FILE, DEVICE_BYTES);
            sync(FILE);
            client.clunk(FILE);
        }
        client.clunk(DIRECTORY);
        try (NbdClient disk =
                NbdClient.connect(ListenAddress.tcp("127.0.0.1", port)).go("disk")) {
            requireDone(disk.write((long) seed * MEBIBYTE, noise(20 + seed, 4_096)));
            requireDone(disk.write(3L * MEBIBYTE, text(65_536)));
            requireDone(disk.call(0, NbdCommand.TRIM, 3L * MEBIBYTE, 4_096).error());
            requireDone(disk.flush());
            disk.disconnect();
        }
    }

    private static void requireDone(int error) throws IOException {
        if (error != 0) {
            throw new IOException("the device answered with error " + error);
        }
    }

    private void write(int fid, long offset, byte[] data) throws Exception {
        int most = NinePClient.MSIZE - 64;
        for (int at = 0; at < data.length; at += most) {
            int length = Math.min(most, data.length - at);
            client.ok(new Tmessage.Twrite(fid, offset + at, Unpooled.wrappedBuffer(data, at, length)));
        }
    }

    private void sync(int fid) throws Exception {
        client.ok(new Tmessage.Tfsync(fid, false));
    }

    private void setSize(int fid, long size) throws Exception {
        client.ok(new Tmessage.Tsetattr(fid, SetattrValid.SIZE, 0, 0, 0, size, WireTime.ZERO, WireTime.ZERO));
    }

    private void setMode(int fid, int mode) throws Exception {
        client.ok(new Tmessage.Tsetattr(fid, SetattrValid.MODE, mode, 0, 0, 0, WireTime.ZERO, WireTime.ZERO));
    }

    private void setAttribute(int file, String name, String value) throws Exception {
        client.walk(file, OTHER);
        client.ok(new Tmessage.Txattrcreate(OTHER, NinePClient.bytes(name), value.length(), 0));
        if (!value.isEmpty()) {
            client.write(OTHER, 0, value);
        }
        client.clunk(OTHER);
    }

    private static Tmessage mkdir(int fid, String name) {
        return new Tmessage.Tmkdir(fid, NinePClient.bytes(name), 0755, 7);
    }

    private static Tmessage unlink(int fid, String name) {
        return new Tmessage.Tunlinkat(fid, NinePClient.bytes(name), 0);
    }

    private static Tmessage rename(int from, String name, int to, String newName) {
        return new Tmessage.Trenameat(from, NinePClient.bytes(name), to, NinePClient.bytes(newName));
    }

    private static byte[] text(int length) {
        return "All of this was written by an older program. "
                .repeat(length / 45 + 1)
                .substring(0, length)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] noise(long seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    @Override
    public void close() {
        client.close();
    }
}
