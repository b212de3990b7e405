// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.GetattrMask;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Optional;

/**
 * A connection of one protocol to the file that all clients share, which is also a block device. One thread. Any answer
 * that is neither success nor a difference of names is an IOException.
 */
abstract class SharedClient implements Closeable {
    static final String FILE = "shared";
    static final String DIRECTORY = "names";

    abstract byte[] read(long offset, int count) throws IOException, InterruptedException;

    abstract void write(long offset, byte[] data) throws IOException, InterruptedException;

    /** Waits until the store has everything that was answered before. */
    abstract void barrier() throws IOException, InterruptedException;

    /** A client that also has names. Files are known by their groups, which a creation sets. */
    abstract static class OfNames extends SharedClient {
        /** Returns false if the name exists. */
        abstract boolean create(String name, int group) throws IOException, InterruptedException;

        /** Returns false if there is no such name. */
        abstract boolean remove(String name) throws IOException, InterruptedException;

        /** Returns false if there is no such name. */
        abstract boolean rename(String from, String to) throws IOException, InterruptedException;

        /** Returns the group, 0 if there is no such name, or nothing if the file was removed meanwhile. */
        abstract Optional<Integer> find(String name) throws IOException, InterruptedException;
    }

    static final class OfNfs extends OfNames {
        private final Nfs3Client client;
        private final byte[] directory;
        private final byte[] file;
        private long verifier;

        OfNfs(int port) throws IOException {
            client = Nfs3Client.alone(port);
            byte[] root = client.mount("/");
            directory = client.lookup(root, DIRECTORY).object();
            file = client.lookup(client.lookup(root, ".nbd").object(), FILE).object();
        }

        /** Makes the file and the directory. */
        static void prepare(int port, long size) throws IOException {
            try (Nfs3Client client = Nfs3Client.alone(port)) {
                byte[] root = client.mount("/");
                client.makeDirectory(root, DIRECTORY);
                byte[] file = client.create(client.lookup(root, ".nbd").object(), FILE);
                client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, Nfs3Client.ofSize(size), null));
                client.commit(file);
            }
        }

        @Override
        byte[] read(long offset, int count) throws IOException {
            return client.read(file, offset, count);
        }

        @Override
        void write(long offset, byte[] data) throws IOException {
            Nfs3Result.WriteOk written = client.write(file, offset, data, StableHow.UNSTABLE);
            if (written.count() != data.length) {
                throw new IOException("short write");
            }
            verifier = written.verifier();
        }

        @Override
        void barrier() throws IOException {
            long now = client.call(Nfs3Result.CommitOk.class, new Nfs3Call.Commit(file, 0, 0))
                    .verifier();
            if (verifier != 0 && now != verifier) {
                throw new AssertionError("the verifier changed without a restart");
            }
        }

        @Override
        boolean create(String name, int group) throws IOException {
            Sattr3 attributes =
                    new Sattr3(0644, null, group, null, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE);
            return succeeds(
                    new Nfs3Call.Create(directory, Nfs3Client.bytes(name), Nfs3Call.Create.Mode.GUARDED, attributes, 0),
                    Nfs3Status.EXIST);
        }

        @Override
        boolean remove(String name) throws IOException {
            return succeeds(new Nfs3Call.Remove(directory, Nfs3Client.bytes(name)), Nfs3Status.NOENT);
        }

        @Override
        boolean rename(String from, String to) throws IOException {
            return succeeds(
                    new Nfs3Call.Rename(directory, Nfs3Client.bytes(from), directory, Nfs3Client.bytes(to)),
                    Nfs3Status.NOENT);
        }

        private boolean succeeds(Nfs3Call call, Nfs3Status otherwise) throws IOException {
            Nfs3Status status = client.status(call);
            if (status != Nfs3Status.OK && status != otherwise) {
                throw new IOException(status.toString());
            }
            return status == Nfs3Status.OK;
        }

        @Override
        Optional<Integer> find(String name) throws IOException {
            Nfs3Result result = client.call(new Nfs3Call.Lookup(directory, Nfs3Client.bytes(name)));
            if (result instanceof Nfs3Result.LookupOk found) {
                return Optional.ofNullable(found.attributes()).map(attributes -> attributes.gid());
            } else if (result.status() != Nfs3Status.NOENT) {
                throw new IOException(result.toString());
            }
            return Optional.of(0);
        }

        @Override
        public void close() throws IOException {
            client.close();
        }
    }

    static final class OfNineP extends OfNames {
        private static final int DIRECTORY_FID = 1;
        private static final int FILE_FID = 2;
        private static final int OTHER_FID = 3;

        private final NinePSocket client;

        OfNineP(int port) throws IOException, InterruptedException {
            client = NinePSocket.alone(port);
            client.begin(0);
            client.walk(NinePClient.ROOT, DIRECTORY_FID, DIRECTORY);
            client.walk(NinePClient.ROOT, FILE_FID, ".nbd", FILE);
            client.open(FILE_FID, OpenFlags.READ_WRITE);
        }

        @Override
        byte[] read(long offset, int count) throws IOException, InterruptedException {
            Rmessage reply = call(new Tmessage.Tread(FILE_FID, offset, count), null);
            byte[] bytes = ByteBufUtil.getBytes(((Rmessage.Data) reply).bytes());
            return Arrays.copyOfRange(bytes, MessageHeader.DATA_OFFSET, bytes.length);
        }

        @Override
        void write(long offset, byte[] data) throws IOException, InterruptedException {
            Rmessage reply = call(new Tmessage.Twrite(FILE_FID, offset, Unpooled.wrappedBuffer(data)), null);
            if (((Rmessage.Rwrite) reply).count() != data.length) {
                throw new IOException("short write");
            }
        }

        @Override
        void barrier() throws IOException, InterruptedException {
            call(new Tmessage.Tfsync(FILE_FID, true), null);
        }

        @Override
        boolean create(String name, int group) throws IOException, InterruptedException {
            client.walk(DIRECTORY_FID, OTHER_FID);
            Rmessage reply = call(
                    new Tmessage.Tlcreate(
                            OTHER_FID,
                            NinePClient.bytes(name),
                            OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE,
                            0644,
                            group),
                    Errno.EEXIST);
            call(new Tmessage.Tclunk(OTHER_FID), null);
            return isSuccess(reply);
        }

        @Override
        boolean remove(String name) throws IOException, InterruptedException {
            return isSuccess(call(new Tmessage.Tunlinkat(DIRECTORY_FID, NinePClient.bytes(name), 0), Errno.ENOENT));
        }

        @Override
        boolean rename(String from, String to) throws IOException, InterruptedException {
            return isSuccess(call(
                    new Tmessage.Trenameat(
                            DIRECTORY_FID, NinePClient.bytes(from), DIRECTORY_FID, NinePClient.bytes(to)),
                    Errno.ENOENT));
        }

        @Override
        Optional<Integer> find(String name) throws IOException, InterruptedException {
            if (!isSuccess(call(NinePClient.walkMessage(DIRECTORY_FID, OTHER_FID, name), Errno.ENOENT))) {
                return Optional.of(0);
            }
            Rmessage reply = call(new Tmessage.Tgetattr(OTHER_FID, GetattrMask.GID), Errno.ESTALE);
            call(new Tmessage.Tclunk(OTHER_FID), null);
            return reply instanceof Rmessage.Rgetattr found ? Optional.of(found.gid()) : Optional.empty();
        }

        private static boolean isSuccess(Rmessage reply) {
            return !(reply instanceof Rmessage.Rlerror);
        }

        private Rmessage call(Tmessage message, Errno otherwise) throws IOException, InterruptedException {
            Rmessage reply = client.call(message);
            if (!isSuccess(reply) && (otherwise == null || NinePClient.errno(reply) != otherwise)) {
                throw new IOException(message.type() + ": " + reply);
            }
            return reply;
        }

        @Override
        public void close() {
            client.close();
        }
    }

    static final class OfNbd extends SharedClient {
        private final NbdClient client;

        OfNbd(int port) throws IOException {
            client = NbdClient.connect(new ListenAddress.Tcp(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Optional.empty()));
            client.go(FILE);
        }

        @Override
        byte[] read(long offset, int count) throws IOException {
            return client.read(offset, count);
        }

        @Override
        void write(long offset, byte[] data) throws IOException {
            require(client.write(offset, data));
        }

        @Override
        void barrier() throws IOException {
            require(client.flush());
        }

        private static void require(int error) throws IOException {
            if (error != 0) {
                throw new IOException("error " + error);
            }
        }

        @Override
        public void close() throws IOException {
            client.close();
        }
    }
}
