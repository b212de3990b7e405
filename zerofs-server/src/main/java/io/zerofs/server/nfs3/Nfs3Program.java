// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3CallDecoder;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.rpc.RpcCall;
import io.zerofs.server.rpc.RpcCredential;
import io.zerofs.server.rpc.RpcError;
import io.zerofs.server.rpc.RpcExchange;
import io.zerofs.server.rpc.RpcProgram;

/**
 * NFS version 3: decodes calls, runs them on a thread that suits them, and replies when they are as durable as
 * promised.
 */
final class Nfs3Program implements RpcProgram {
    static final int NUMBER = 100_003;
    static final int VERSION = 3;

    /** Credentials of a call without any: an anonymous user. */
    private static final Credentials NOBODY = new Credentials(Credentials.NOBODY, Credentials.NOBODY);

    /** Bytes of a typical result: a handle, and the attributes of a file and its directory. */
    private static final int RESULT_BYTES = 256;

    private final Nfs3Export export;

    Nfs3Program(Nfs3Export export) {
        this.export = export;
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
        return Nfs3Procedure.exists(procedure);
    }

    @Override
    public boolean isCached(int procedure) {
        return Nfs3Procedure.of(procedure).isModifying();
    }

    @Override
    public void call(RpcCall rpc, XdrReader arguments, RpcExchange exchange) throws MalformedMessageException {
        Nfs3Procedure procedure = Nfs3Procedure.of(rpc.procedure());
        if (procedure == Nfs3Procedure.NULL) {
            exchange.reply(exchange.newReply(0));
            return;
        }
        Nfs3Call call = Nfs3CallDecoder.decode(procedure, arguments);
        if (export.refuses(exchange)) {
            exchange.refuse(RpcError.Authentication.AUTH_TOOWEAK);
            return;
        }
        Credentials who = export.users().apply(credentials(rpc.credential()));
        exchange.run(call.transferBytes(), call.replyBytes(), () -> run(procedure, call, who, exchange));
    }

    private void run(Nfs3Procedure procedure, Nfs3Call call, Credentials who, RpcExchange exchange) {
        Nfs3Result result = export.result(
                procedure,
                () -> new Nfs3Operations(export, who, exchange, procedure).run(call),
                () -> procedure.failure(Nfs3Status.SERVERFAULT, null, null));
        if (result.status() == Nfs3Status.OK && export.durability().awaitsBarrier(procedure, call)) {
            answerAfterBarrier(procedure, result, exchange);
        } else {
            answer(result, exchange);
        }
    }

    private void answerAfterBarrier(Nfs3Procedure procedure, Nfs3Result result, RpcExchange exchange) {
        export.files()
                .barrier()
                .whenComplete((done, failure) -> exchange.resume(() -> {
                    if (failure != null) {
                        export.failures().line("{} is not durable: {}", procedure, failure.getMessage());
                    }
                    answer(failure == null ? result : procedure.failure(Nfs3Status.IO, null, null), exchange);
                }));
    }

    private static void answer(Nfs3Result result, RpcExchange exchange) {
        if (result instanceof Nfs3Result.WithPayload bulk) {
            exchange.reply(exchange.prepend(bulk.payload(), bulk.headBytes(), result::write));
        } else {
            ByteBuf reply = exchange.newReply(RESULT_BYTES);
            result.write(new XdrWriter(reply));
            exchange.reply(reply);
        }
    }

    private static Credentials credentials(RpcCredential credential) {
        return credential instanceof RpcCredential.Sys sys
                ? new Credentials(sys.uid(), sys.gid(), sys.groups())
                : NOBODY;
    }
}
