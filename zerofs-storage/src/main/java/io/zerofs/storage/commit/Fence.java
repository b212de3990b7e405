// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.seal.ObjectHeader;

/** Ends the log of an epoch: no commit with its seq or a later one was ever acknowledged there. */
public record Fence(CommitId id, ObjectHeader header) implements LogObject {
    /** Returns the epoch of the writer that put the fence there. */
    public long claimingEpoch() {
        return header.epoch();
    }
}
