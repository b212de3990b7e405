// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.FrameTable;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Applies durable commits to the index, in the same way in a running writer and in replay. Every record is absolute, so a
 * replay of any part of the log that starts early enough makes the same database. Called in the order of the log.
 */
public final class CommitApplier {
    /** Number of slots that share a record of the frame table. A reader decodes all of them to find one. */
    static final int SLOTS_PER_RECORD = 64;

    private final RocksIndex index;

    public CommitApplier(RocksIndex index) {
        this.index = index;
    }

    /** Applies a commit read from the store: its batches, and then the records of {@link #applyDurable}. */
    public void replay(CommitLog log) throws VolumeException {
        for (byte[] batch : log.batches()) {
            index.write(RecordBatch.fromLog(ByteBuffer.wrap(batch)));
        }
        applyDurable(log.frames(), log.deadFrames());
    }

    /**
     * Adds the records of a durable commit: its frame table and its records of dead frames. The index already has its batches.
     *
     * @throws VolumeException NO_SPACE if the index wrote nothing and the caller may try again
     */
    public void applyDurable(FrameTable frames, List<DeadFrames> deadFrames) throws VolumeException {
        long seq = frames.commit().seq();
        RecordBatch records = new RecordBatch();
        int slot = 0;
        do {
            // A commit without frames has a record too, which shows that the commit exists.
            records.put(
                    IndexKeys.frames(seq, slot),
                    frames.slice(slot, SLOTS_PER_RECORD).encode());
            slot += SLOTS_PER_RECORD;
        } while (slot < frames.frames().size());
        for (DeadFrames dead : deadFrames) {
            records.put(IndexKeys.deadFrames(dead.victimSeq(), seq), new DeadFramesRecord(dead.slots()).encode());
        }
        index.write(records.toBytes());
    }

    /** Returns the number of the frame table record that has the slot. */
    public static int recordOf(int slot) {
        return slot / SLOTS_PER_RECORD;
    }

    /** Returns the part of a commit's frame table that covers a slot, or null if the index has none. */
    public static FrameTable frameTable(RocksIndex index, long seq, int slot) throws VolumeException {
        byte[] encoded = index.get(IndexKeys.frames(seq, recordOf(slot) * SLOTS_PER_RECORD));
        if (encoded == null) {
            return null;
        }
        try {
            return FrameTable.decode(encoded, "frame table of commit " + seq + " in the local index");
        } catch (CorruptObjectException e) {
            throw new VolumeException(VolumeException.Kind.CORRUPT, e.getMessage(), e);
        }
    }
}
