// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.FsException;
import io.zerofs.server.access.DirectoryPath;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import io.zerofs.server.net.LimitedLog;
import io.zerofs.server.nfs3.wire.MountMessages;
import io.zerofs.server.nfs3.wire.MountProcedure;
import io.zerofs.server.nfs3.wire.MountStatus;
import io.zerofs.server.rpc.RpcCall;
import io.zerofs.server.rpc.RpcCredential;
import io.zerofs.server.rpc.RpcExchange;
import io.zerofs.server.rpc.RpcProgram;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** MOUNT version 3 (RFC 1813 §5): turns a path into the first file handle. Clients can mount every directory. */
final class MountProgram implements RpcProgram {
    static final int NUMBER = 100_005;
    static final int VERSION = 3;

    private static final Logger LOG = LoggerFactory.getLogger(MountProgram.class);
    private static final int RESULT_BYTES = 128;
    private static final byte[] ROOT_PATH = {'/'};

    private final Nfs3Export export;
    private final MountTable mounts;
    private final LimitedLog mounted = new LimitedLog(LOG, Level.INFO, "NFS mounts");

    MountProgram(Nfs3Export export, MountTable mounts) {
        this.export = export;
        this.mounts = mounts;
    }

    @Override
    public int number() {
        return NUMBER;
    }

    @Override
    public int version() {
        return VERSION;
    }

    @Override
    public boolean hasProcedure(int procedure) {
        return MountProcedure.exists(procedure);
    }

    @Override
    public boolean isCached(int procedure) {
        return false;
    }

    @Override
    public void call(RpcCall call, XdrReader arguments, RpcExchange exchange) throws MalformedMessageException {
        String client = exchange.clientName();
        switch (MountProcedure.of(call.procedure())) {
            case NULL -> reply(exchange, out -> {});
            case MNT -> {
                byte[] path = MountMessages.readPath(arguments);
                if (export.refuses(exchange)) {
                    reply(exchange, error(MountStatus.ACCES));
                    return;
                }
                exchange.run(0, 0, () -> {
                    reply(
                            exchange,
                            export.result("MNT", () -> mount(client, path), () -> error(MountStatus.SERVERFAULT)));
                });
            }
            case DUMP -> reply(exchange, out -> MountMessages.writeMounts(out, mounts.list()));
            case UMNT -> {
                mounts.remove(client, MountMessages.readPath(arguments));
                reply(exchange, out -> {});
            }
            case UMNTALL -> {
                mounts.removeAll(client);
                reply(exchange, out -> {});
            }
            case EXPORT -> reply(exchange, out -> MountMessages.writeExports(out, List.of(ROOT_PATH)));
        }
    }

    private Consumer<XdrWriter> mount(String client, byte[] path) {
        try {
            byte[] handle = export.handles()
                    .encode(DirectoryPath.resolve(export.files(), path).id());
            mounts.add(client, path);
            mounted.line("NFS {}: mounted", client);
            return out -> MountMessages.writeMounted(out, handle, RpcCredential.AUTH_SYS, RpcCredential.AUTH_NONE);
        } catch (FsException e) {
            return error(Nfs3Errors.mountStatus(e.error()));
        }
    }

    private static Consumer<XdrWriter> error(MountStatus status) {
        return out -> out.writeInt(status.code());
    }

    private static void reply(RpcExchange exchange, Consumer<XdrWriter> result) {
        ByteBuf reply = exchange.newReply(RESULT_BYTES);
        result.accept(new XdrWriter(reply));
        exchange.reply(reply);
    }
}
