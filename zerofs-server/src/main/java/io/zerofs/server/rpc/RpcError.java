// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.zerofs.server.bytes.XdrWriter;

/** The reason for which a call did not run, as the reply states it (RFC 5531 §9). */
public sealed interface RpcError {
    /** Writes all fields of the reply after the message type. */
    void write(XdrWriter out);

    /** The server understands the call, but the program does not carry it out. */
    enum Accepted implements RpcError {
        PROG_UNAVAIL(1),
        PROC_UNAVAIL(3),
        GARBAGE_ARGS(4),
        SYSTEM_ERR(5);

        private final int status;

        Accepted(int status) {
            this.status = status;
        }

        @Override
        public void write(XdrWriter out) {
            writeAccepted(out, status);
        }
    }

    /** PROG_MISMATCH: the program has other versions only. */
    record ProgramMismatch(int lowest, int highest) implements RpcError {
        private static final int PROG_MISMATCH = 2;

        @Override
        public void write(XdrWriter out) {
            writeAccepted(out, PROG_MISMATCH);
            out.writeInt(lowest).writeInt(highest);
        }
    }

    /** RPC_MISMATCH: the call is not of RPC version 2. */
    record RpcMismatch() implements RpcError {
        private static final int REJECT_STATUS = 0;

        @Override
        public void write(XdrWriter out) {
            out.writeInt(MSG_DENIED)
                    .writeInt(REJECT_STATUS)
                    .writeInt(RPC_VERSION)
                    .writeInt(RPC_VERSION);
        }
    }

    /** AUTH_ERROR: the credential or verifier is not accepted. */
    enum Authentication implements RpcError {
        AUTH_BADCRED(1),
        AUTH_REJECTEDCRED(2),
        AUTH_BADVERF(3),
        AUTH_REJECTEDVERF(4),
        AUTH_TOOWEAK(5);

        private static final int REJECT_STATUS = 1;
        private final int status;

        Authentication(int status) {
            this.status = status;
        }

        @Override
        public void write(XdrWriter out) {
            out.writeInt(MSG_DENIED).writeInt(REJECT_STATUS).writeInt(status);
        }
    }

    /** The version of RPC. */
    int RPC_VERSION = 2;

    int MSG_ACCEPTED = 0;
    int MSG_DENIED = 1;

    /** Writes the reply status, an empty verifier and the status. */
    static void writeAccepted(XdrWriter out, int status) {
        out.writeInt(MSG_ACCEPTED).writeInt(RpcCredential.AUTH_NONE).writeInt(0).writeInt(status);
    }
}
