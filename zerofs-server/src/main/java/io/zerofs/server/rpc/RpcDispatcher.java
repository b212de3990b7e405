// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.net.Request;
import java.util.List;

/** Decodes calls and passes them to their programs; refuses calls that no program accepts. Thread-safe. */
public final class RpcDispatcher {
    private static final int CALL = 0;

    private final List<RpcProgram> programs;
    private final DuplicateRequestCache cache;

    /** @param programs at most one version of each program */
    public RpcDispatcher(List<RpcProgram> programs, DuplicateRequestCache cache) {
        this.programs = List.copyOf(programs);
        this.cache = cache;
    }

    /**
     * Handles one message.
     *
     * @param message borrowed, see {@link RpcProgram#call}
     * @param peer the connection of the message
     * @param request ended by the reply
     * @param allocator of replies
     * @throws MalformedMessageException if the message is not a call that could get a reply
     */
    public void dispatch(ByteBuf message, RpcPeer peer, Request request, ByteBufAllocator allocator)
            throws MalformedMessageException {
        ByteBuf whole = message.duplicate();
        XdrReader in = new XdrReader(message);
        int xid = in.readInt();
        int type = in.readInt();
        if (type != CALL) {
            throw new MalformedMessageException("message type " + type + " is not a call");
        }
        RpcExchange uncached = new RpcExchange(xid, peer, request, allocator);
        if (in.readInt() != RpcError.RPC_VERSION) {
            uncached.refuse(new RpcError.RpcMismatch());
            return;
        }
        int programNumber = in.readInt();
        int version = in.readInt();
        int procedure = in.readInt();
        RpcCredential credential = readCredential(in, uncached);
        if (credential == null) {
            return;
        }
        RpcProgram program = find(programNumber);
        RpcError error = check(program, version, procedure);
        if (error != null) {
            uncached.refuse(error);
            return;
        }
        RpcExchange exchange = uncached;
        if (program.isCached(procedure)) {
            DuplicateRequestCache.Entry entry = cache.begin(xid, whole, peer, request);
            if (entry == null) {
                return;
            }
            request.whenEnded(entry::abandonUnlessComplete);
            exchange = uncached.remembered(entry);
        }
        try {
            program.call(new RpcCall(xid, programNumber, version, procedure, credential), in, exchange);
        } catch (MalformedMessageException e) {
            exchange.refuse(RpcError.Accepted.GARBAGE_ARGS);
        }
    }

    /**
     * Records the end of a connection.
     *
     * @param inOrder whether the client ended it after the socket had taken all its replies
     */
    void ended(RpcPeer peer, boolean inOrder) {
        cache.ended(peer, inOrder);
    }

    /** Returns the credential, or null after it refused the call because of the credential. */
    private static RpcCredential readCredential(XdrReader in, RpcExchange exchange) throws MalformedMessageException {
        int flavor = in.readInt();
        ByteBuf body = in.readOpaqueSlice(RpcCredential.BODY_BYTES_MAX);
        in.readInt(); // flavor of the verifier, which is empty with every flavor that we accept
        in.readOpaqueSlice(RpcCredential.BODY_BYTES_MAX);
        switch (flavor) {
            case RpcCredential.AUTH_NONE:
                return RpcCredential.None.INSTANCE;
            case RpcCredential.AUTH_SYS:
                try {
                    return RpcCredential.Sys.read(new XdrReader(body));
                } catch (MalformedMessageException e) {
                    exchange.refuse(RpcError.Authentication.AUTH_BADCRED);
                    return null;
                }
            default:
                exchange.refuse(RpcError.Authentication.AUTH_REJECTEDCRED);
                return null;
        }
    }

    private RpcProgram find(int number) {
        for (RpcProgram program : programs) {
            if (program.number() == number) {
                return program;
            }
        }
        return null;
    }

    private static RpcError check(RpcProgram program, int version, int procedure) {
        if (program == null) {
            return RpcError.Accepted.PROG_UNAVAIL;
        }
        if (version != program.version()) {
            return new RpcError.ProgramMismatch(program.version(), program.version());
        }
        return program.hasProcedure(procedure) ? null : RpcError.Accepted.PROC_UNAVAIL;
    }
}
