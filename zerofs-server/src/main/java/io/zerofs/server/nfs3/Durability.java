// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.StableHow;

/** When a call that changed something is answered. COMMIT is a barrier in every mode. */
public enum Durability {
    /** As RFC 1813 §1.3 says: everything but an UNSTABLE write is answered when the store has it. */
    STRICT,
    /**
     * Writes are as durable as their answers say; changes of names and attributes are answered at once and become
     * durable with the next barrier or timer, as on a local file system.
     */
    COMMIT,
    /** Writes that ask to be stable are answered at once, too, and claim that they are. */
    RELAXED;

    /** Whether the answer to this call, which succeeded, waits for a barrier. */
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
