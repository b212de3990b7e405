// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A frozen commit before it is sealed. Sealing one draft twice returns the same bytes. Sealing two different drafts with
 * one salt would break the encryption of both.
 *
 * @param salt fresh random bytes for this commit alone
 * @param log its log
 * @param slots the content of each slot, by slot number
 */
public record CommitDraft(CommitId id, Salt salt, Log log, List<FrameContent> slots) {
    public CommitDraft {
        if (slots.size() > CommitLimits.SLOTS_MAX) {
            throw new IllegalArgumentException("too many slots");
        }
    }

    /**
     * The log of a commit.
     *
     * @param durableSeq the last commit known to be durable when the upload of this one began; 0 if none
     * @param predecessor the salt of commit seq - 1; {@link Salt#NONE} for the first of the volume
     * @param deadFrames ascending by victim, each victim once
     * @param batches RocksDB write batches in the order they were applied; opaque here
     */
    public record Log(long durableSeq, Salt predecessor, List<DeadFrames> deadFrames, List<ByteBuffer> batches) {}
}
