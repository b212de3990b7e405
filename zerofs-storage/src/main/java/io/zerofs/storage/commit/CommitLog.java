// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.util.List;

/**
 * The log of one commit as read from the store: everything that replay needs, without the data.
 *
 * @param durableSeq the last commit known to be durable when the upload of this one began
 * @param predecessor the salt of commit seq - 1
 * @param frames all slots, closed ones too
 * @param batches RocksDB write batches in the order they were applied
 */
public record CommitLog(
        CommitId id,
        ObjectHeader header,
        long durableSeq,
        Salt predecessor,
        FrameTable frames,
        List<DeadFrames> deadFrames,
        List<byte[]> batches)
        implements LogObject {}
