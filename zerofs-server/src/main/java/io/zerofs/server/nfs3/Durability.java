// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.StableHow;

/** The time of the reply to a call that changed something. COMMIT is a barrier in every mode. */
public enum Durability {
    /** As RFC 1813 §1.3 demands: every change but an UNSTABLE write gets its reply when the store has it. */
    STRICT,
    /**
     * Writes are as durable as their replies state. Changes of names and attributes get their reply at once and become
     * durable with the next barrier or timer, as on a local file system.
     */
    COMMIT,
    /** As {@link #COMMIT}, and writes that ask to be stable also get their reply at once; it claims that they are. */
    RELAXED;

    /** Returns whether the reply to this call, which succeeded, waits for a barrier. */
    boolean awaitsBarrier(Nfs3Procedure procedure, Nfs3Call call) {
        if (procedure == Nfs3Procedure.COMMIT) {
            return true;
        }
        if (call instanceof Nfs3Call.Write write) {
            return this != RELAXED && write.stable() != StableHow.UNSTABLE;
        }
        return this == STRICT && procedure.isModifying();
    }
}
