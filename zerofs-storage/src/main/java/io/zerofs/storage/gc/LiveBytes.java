// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameKind;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.DeadFramesRecord;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Live bytes of each durable commit. The background counts the commits of the opening from frame tables and records of dead
 * frames. Later commits are counted when they are applied. The two counts add up in any order. Thread-safe.
 */
final class LiveBytes {
    /** Counts of one commit; some are negative until the count is complete. */
    private static final class Space {
        long epoch;
        long objectBytes;
        long liveBytes;
        int liveFrames;
        long lastDeath;
    }

    private final RocksIndex index;
    private long countedThrough;
    private long reportedThrough;
    private final TreeMap<Long, Space> commits = new TreeMap<>();
    private final AtomicReference<VolumeException> failure = new AtomicReference<>();
    private volatile boolean complete;

    /** @param countedThrough the last commit that {@link #count} finds in the index; all later ones come by {@link #applied} */
    LiveBytes(RocksIndex index, long countedThrough) {
        this.index = index;
        this.countedThrough = countedThrough;
        this.reportedThrough = countedThrough;
    }

    /** Counts a commit. Called in the order of the log, when the index has the commit's frame table and dead frames. */
    void applied(FrameTable frames, List<DeadFrames> deadFrames) {
        try {
            List<CommitSpace> losses = new ArrayList<>(deadFrames.size());
            for (DeadFrames dead : deadFrames) {
                losses.add(lossOf(dead, frames.commit().seq()));
            }
            synchronized (this) {
                add(sum(frames.commit(), List.of(frames), new BitSet(), 0));
                losses.forEach(this::add);
                reportedThrough = frames.commit().seq();
            }
        } catch (VolumeException e) {
            failure.compareAndSet(null, e);
            synchronized (this) {
                reportedThrough = frames.commit().seq();
            }
        }
    }

    /** Drops all counts, so that {@link #count} makes them anew. Later reports add up with the new counts. */
    synchronized void startOver() {
        commits.clear();
        failure.set(null);
        complete = false;
        countedThrough = reportedThrough;
    }

    private synchronized long countedThrough() {
        return countedThrough;
    }

    /** Returns the frames that died, as negative counts. */
    private CommitSpace lossOf(DeadFrames dead, long seq) throws VolumeException {
        long bytes = 0;
        FrameTable table = null;
        for (int slot : dead.slots()) {
            if (table == null || table.frame(slot) == null) {
                table = CommitApplier.frameTable(index, dead.victimSeq(), slot);
            }
            Frame frame = table == null ? null : table.frame(slot);
            if (frame == null) {
                throw corrupt("slot " + slot + " of commit " + dead.victimSeq() + " died and never was");
            }
            bytes += frame.storedLength();
        }
        return new CommitSpace(table.commit(), 0, -bytes, -dead.slots().length, seq);
    }

    /**
     * Counts the commits that the volume had when it was opened.
     *
     * @param ended returns whether to give up
     */
    void count(BooleanSupplier ended) throws VolumeException {
        scan(new KeyRange(IndexKeys.frames(0, 0), IndexKeys.kindEnd(IndexKeys.FRAMES)), ended, space -> {
            synchronized (this) {
                add(space);
            }
        });
        complete = !ended.getAsBoolean();
    }

    /** Counts one commit again from the present index; null if the index does not have it. */
    CommitSpace recount(long seq) throws VolumeException {
        List<CommitSpace> found = new ArrayList<>(1);
        scan(new KeyRange(IndexKeys.frames(seq, 0), IndexKeys.frames(seq + 1, 0)), () -> false, found::add);
        return found.isEmpty() ? null : found.get(0);
    }

    private void scan(KeyRange range, BooleanSupplier ended, Consumer<CommitSpace> found) throws VolumeException {
        // A recount includes any commit, the first count only commits that applied() does not report.
        long last = complete ? Long.MAX_VALUE : countedThrough();
        List<FrameTable> tables = new ArrayList<>();
        try (Cursor cursor = index.scan(range, false)) {
            while (cursor.next() && !ended.getAsBoolean()) {
                FrameTable table = decode(cursor.value());
                if (table.commit().seq() > last) {
                    break;
                }
                if (!tables.isEmpty() && !tables.get(0).commit().equals(table.commit())) {
                    found.accept(sumOf(tables, last));
                    tables.clear();
                }
                tables.add(table);
            }
        }
        if (!tables.isEmpty()) {
            found.accept(sumOf(tables, last));
        }
    }

    private CommitSpace sumOf(List<FrameTable> tables, long last) throws VolumeException {
        CommitId id = tables.get(0).commit();
        BitSet dead = new BitSet();
        long lastDeath = 0;
        KeyRange range = new KeyRange(IndexKeys.deadFrames(id.seq(), 0), IndexKeys.deadFrames(id.seq() + 1, 0));
        try (Cursor cursor = index.scan(range, false)) {
            while (cursor.next() && IndexKeys.deathSeq(cursor.key()) <= last) {
                for (int slot : DeadFramesRecord.decode(cursor.value()).slots()) {
                    dead.set(slot);
                }
                lastDeath = IndexKeys.deathSeq(cursor.key());
            }
        }
        return sum(id, tables, dead, lastDeath);
    }

    private static CommitSpace sum(CommitId id, List<FrameTable> tables, BitSet dead, long lastDeath) {
        long bytes = 0;
        int frames = 0;
        for (FrameTable table : tables) {
            for (Frame frame : table.frames()) {
                if (frame.kind() != FrameKind.CLOSED && !dead.get(frame.slot())) {
                    bytes += frame.storedLength();
                    frames++;
                }
            }
        }
        return new CommitSpace(id, tables.get(0).header().objectLength(), bytes, frames, lastDeath);
    }

    private void add(CommitSpace more) {
        Space space = commits.computeIfAbsent(more.seq(), seq -> new Space());
        space.epoch = more.id().epoch();
        space.objectBytes += more.objectBytes();
        space.liveBytes += more.liveBytes();
        space.liveFrames += more.liveFrames();
        space.lastDeath = Math.max(space.lastDeath, more.lastDeath());
    }

    /** Returns whether the counts are complete. */
    boolean isComplete() {
        return complete;
    }

    /** Throws the failure of the count, after which nothing may be deleted. */
    void check() throws VolumeException {
        VolumeException why = failure.get();
        if (why != null) {
            throw new VolumeException(why.kind(), "live bytes cannot be counted: " + why.getMessage(), why);
        }
    }

    /** Returns all commits, by seq. */
    synchronized List<CommitSpace> commits() throws VolumeException {
        List<CommitSpace> all = new ArrayList<>(commits.size());
        for (Long seq : commits.keySet()) {
            all.add(find(seq));
        }
        return all;
    }

    /** Returns one commit, or null if it is missing. */
    synchronized CommitSpace find(long seq) throws VolumeException {
        Space space = commits.get(seq);
        if (space == null) {
            return null;
        }
        if (complete && (space.liveFrames < 0 || space.liveBytes < 0)) {
            throw corrupt("more of commit " + seq + " died than it ever had");
        }
        CommitId id = new CommitId(space.epoch, seq);
        return new CommitSpace(id, space.objectBytes, space.liveBytes, space.liveFrames, space.lastDeath);
    }

    /** Returns whether the index has exactly this commit, and not one of another epoch. */
    synchronized boolean contains(CommitId id) {
        Space space = commits.get(id.seq());
        return space != null && space.epoch == id.epoch();
    }

    /** Returns the epochs with commits. */
    synchronized Set<Long> epochs() {
        Set<Long> epochs = new HashSet<>();
        commits.values().forEach(space -> epochs.add(space.epoch));
        return epochs;
    }

    /** Drops the counts of commits that are gone from store and index. */
    synchronized void forget(Collection<Long> seqs) {
        commits.keySet().removeAll(seqs);
    }

    private static FrameTable decode(byte[] bytes) throws VolumeException {
        try {
            return FrameTable.decode(bytes, "a frame table in the local index");
        } catch (CorruptObjectException e) {
            throw corrupt(e.getMessage());
        }
    }

    private static VolumeException corrupt(String what) {
        return new VolumeException(VolumeException.Kind.CORRUPT, what);
    }
}
