// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3CallWriter;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3ResultReader;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** Speaks NFS and MOUNT as one user. Methods wait for the reply unless they return a future. As thread-safe as its RPC. */
public final class Nfs3Client implements AutoCloseable {
    private static final int NFS_PROGRAM = 100_003;
    private static final int MOUNT_PROGRAM = 100_005;
    private static final int VERSION = 3;
    private static final int LIST_BYTES = 8_192;

    private static final ClassValue<Nfs3Procedure> PROCEDURES = new ClassValue<>() {
        @Override
        protected Nfs3Procedure computeValue(Class<?> call) {
            return Nfs3Procedure.valueOf(call.getSimpleName().toUpperCase(Locale.ROOT));
        }
    };

    private final RpcClient rpc;
    private final int uid;
    private final int gid;
    private final int[] groups;

    public Nfs3Client(RpcClient rpc, int uid, int gid, int... groups) {
        this.rpc = rpc;
        this.uid = uid;
        this.gid = gid;
        this.groups = groups;
    }

    public static Nfs3Client connect(int port) throws IOException {
        return new Nfs3Client(RpcClient.connect(port), 0, 0);
    }

    /** Connects without a thread for the replies, see {@link RpcClient}. */
    public static Nfs3Client alone(int port) throws IOException {
        return new Nfs3Client(RpcClient.alone(port), 0, 0);
    }

    /** The same connection, another user. */
    public Nfs3Client as(int otherUid, int otherGid, int... otherGroups) {
        return new Nfs3Client(rpc, otherUid, otherGid, otherGroups);
    }

    public RpcClient rpc() {
        return rpc;
    }

    public RpcClient.Header nfsHeader(Nfs3Procedure procedure) {
        return new RpcClient.Header(NFS_PROGRAM, VERSION, procedure.number(), uid, gid, groups);
    }

    public RpcClient.Header mountHeader(int procedure) {
        return new RpcClient.Header(MOUNT_PROGRAM, VERSION, procedure, uid, gid, groups);
    }

    /** The handle of a directory, or what MNT says instead. */
    public byte[] mount(String path) throws IOException {
        RpcClient.Reply reply = rpc.await(mountHeader(1), out -> out.writeOpaque(bytes(path)));
        try {
            int status = reply.rest().readInt();
            if (status != 0) {
                throw new IOException("MNT: status " + status);
            }
            return reply.rest().readOpaque(64);
        } catch (MalformedMessageException e) {
            throw new IOException(e);
        }
    }

    public CompletableFuture<Nfs3Result> send(Nfs3Call call) {
        Nfs3Procedure procedure = procedure(call);
        return rpc.call(nfsHeader(procedure), out -> Nfs3CallWriter.write(call, out))
                .thenApply(reply -> read(procedure, reply));
    }

    public static Nfs3Result read(Nfs3Procedure procedure, RpcClient.Reply reply) {
        if (!reply.isSuccess()) {
            throw new IllegalStateException("RPC error: " + reply);
        }
        try {
            Nfs3Result result = Nfs3ResultReader.read(procedure, reply.rest());
            if (reply.rest().remaining() != 0) {
                throw new IllegalStateException(reply.rest().remaining() + " bytes after the result");
            }
            return result;
        } catch (MalformedMessageException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Appends a call to those that the next flush of the socket sends. */
    public void add(Nfs3Call call) {
        rpc.add(nfsHeader(procedure(call)), out -> Nfs3CallWriter.write(call, out));
    }

    public Nfs3Result call(Nfs3Call call) throws IOException {
        Nfs3Procedure procedure = procedure(call);
        return read(procedure, rpc.await(nfsHeader(procedure), out -> Nfs3CallWriter.write(call, out)));
    }

    /** Calls and expects success. */
    public <T extends Nfs3Result> T call(Class<T> success, Nfs3Call call) throws IOException {
        Nfs3Result result = call(call);
        if (!success.isInstance(result)) {
            throw new IOException(procedure(call) + ": " + result);
        }
        return success.cast(result);
    }

    public Nfs3Status status(Nfs3Call call) throws IOException {
        return call(call).status();
    }

    public static Nfs3Call.Create createCall(byte[] directory, String name) {
        return new Nfs3Call.Create(directory, bytes(name), Nfs3Call.Create.Mode.GUARDED, ofMode(0644), 0);
    }

    public byte[] create(byte[] directory, String name) throws IOException {
        return call(Nfs3Result.CreateOk.class, createCall(directory, name)).object();
    }

    public byte[] makeDirectory(byte[] directory, String name) throws IOException {
        return call(Nfs3Result.CreateOk.class, new Nfs3Call.MkDir(directory, bytes(name), ofMode(0755)))
                .object();
    }

    public Nfs3Result.LookupOk lookup(byte[] directory, String name) throws IOException {
        return call(Nfs3Result.LookupOk.class, new Nfs3Call.Lookup(directory, bytes(name)));
    }

    public void remove(byte[] directory, String name) throws IOException {
        call(Nfs3Result.WccOk.class, new Nfs3Call.Remove(directory, bytes(name)));
    }

    public void commit(byte[] file) throws IOException {
        call(Nfs3Result.CommitOk.class, new Nfs3Call.Commit(file, 0, 0));
    }

    public Nfs3Result.WriteOk write(byte[] file, long offset, byte[] data, StableHow stable) throws IOException {
        return call(Nfs3Result.WriteOk.class, new Nfs3Call.Write(file, offset, stable, Unpooled.wrappedBuffer(data)));
    }

    public byte[] read(byte[] file, long offset, int count) throws IOException {
        ByteBuf data = call(Nfs3Result.ReadOk.class, new Nfs3Call.Read(file, offset, count))
                .payload();
        return ByteBufUtil.getBytes(data);
    }

    /** Lists a directory with READDIRPLUS, page by page. */
    public List<Nfs3ResultReader.Entry> list(byte[] directory) throws IOException {
        List<Nfs3ResultReader.Entry> all = new ArrayList<>();
        long cookie = 0;
        long verifier = 0;
        while (true) {
            Nfs3Result.ReadDirOk page = call(
                    Nfs3Result.ReadDirOk.class,
                    new Nfs3Call.ReadDirPlus(directory, cookie, verifier, LIST_BYTES, LIST_BYTES));
            Nfs3ResultReader.Entries entries = entries(page, true);
            all.addAll(entries.list());
            if (entries.endOfDirectory()) {
                return all;
            }
            cookie = all.get(all.size() - 1).cookie();
            verifier = page.verifier();
        }
    }

    public static Nfs3ResultReader.Entries entries(Nfs3Result.ReadDirOk page, boolean plus) {
        try {
            return Nfs3ResultReader.entries(page.payload(), plus);
        } catch (MalformedMessageException e) {
            throw new IllegalStateException(e);
        }
    }

    public static Sattr3 ofMode(int mode) {
        return new Sattr3(mode, null, null, null, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE);
    }

    public static Sattr3 ofSize(long size) {
        return new Sattr3(null, null, null, size, Sattr3.SetTime.DONT_CHANGE, Sattr3.SetTime.DONT_CHANGE);
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Nfs3Procedure procedure(Nfs3Call call) {
        return PROCEDURES.get(call.getClass());
    }

    @Override
    public void close() throws IOException {
        rpc.close();
    }
}
