// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/** The caller as the call states it (RFC 5531 §8.2, appendix A). */
public sealed interface RpcCredential {
    /** Maximum bytes of a credential or verifier. */
    int BODY_BYTES_MAX = 400;

    /** Flavor of {@link None}. */
    int AUTH_NONE = 0;

    /** Flavor of {@link Sys}. */
    int AUTH_SYS = 1;

    /** AUTH_NONE. */
    record None() implements RpcCredential {
        static final None INSTANCE = new None();
    }

    /**
     * AUTH_SYS: the caller as the client's kernel states it, without proof.
     *
     * @param uid unsigned
     * @param gid unsigned
     * @param groups unsigned, at most {@link #GROUPS_MAX}
     */
    record Sys(int uid, int gid, int... groups) implements RpcCredential {
        /** Maximum number of supplementary groups in the protocol. */
        public static final int GROUPS_MAX = 16;

        static final int MACHINE_NAME_BYTES_MAX = 255;

        static Sys read(XdrReader in) throws MalformedMessageException {
            in.readInt(); // stamp: arbitrary
            in.readOpaqueSlice(MACHINE_NAME_BYTES_MAX);
            int uid = in.readInt();
            int gid = in.readInt();
            int[] groups = new int[in.readLength(GROUPS_MAX)];
            for (int i = 0; i < groups.length; i++) {
                groups[i] = in.readInt();
            }
            return new Sys(uid, gid, groups);
        }
    }
}
