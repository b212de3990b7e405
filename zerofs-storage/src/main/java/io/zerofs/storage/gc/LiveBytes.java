// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.Death;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameKind;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.DeathRecord;
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
 * How much of each durable commit is live. What the volume began with is counted from frame tables and death records in the
 * background, what comes later as it is applied; the two add up in any order. Thread-safe.
 */
final class LiveBytes {
    /** Of one commit; negative in parts until the count is complete. */
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

    /** Called in the order of the log, once the commit's frame table and deaths stand in the index. */
    void applied(FrameTable frames, List<Death> deaths) {
        try {
            List<CommitSpace> losses = new ArrayList<>(deaths.size());
            for (Death death : deaths) {
                losses.add(lossOf(death, frames.commit().seq()));
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

    /** Forgets all numbers, so that {@link #count} finds them anew; what is reported from now on adds up with that. */
    synchronized void startOver() {
        commits.clear();
        failure.set(null);
        complete = false;
        countedThrough = reportedThrough;
    }

    private synchronized long countedThrough() {
        return countedThrough;
    }

    /** Frames that died, as negative numbers. */
    private CommitSpace lossOf(Death death, long seq) throws VolumeException {
        long bytes = 0;
        FrameTable table = null;
        for (int slot : death.slots()) {
            if (table == null || table.frame(slot) == null) {
                table = CommitApplier.frameTable(index, death.victimSeq(), slot);
            }
            Frame frame = table == null ? null : table.frame(slot);
            if (frame == null) {
                throw corrupt("slot " + slot + " of commit " + death.victimSeq() + " died and never was");
            }
            bytes += frame.storedLength();
        }
        return new CommitSpace(table.commit(), 0, -bytes, -death.slots().length, seq);
    }

    /**
     * Counts what the volume began with.
     *
     * @param ended asked now and then whether to give up
     */
    void count(BooleanSupplier ended) throws VolumeException {
        scan(new KeyRange(IndexKeys.frames(0, 0), IndexKeys.kindEnd(IndexKeys.FRAMES)), ended, space -> {
            synchronized (this) {
                add(space);
            }
        });
        complete = !ended.getAsBoolean();
    }

    /** Counts one commit again, from the index as it is now; null if the index has none. */
    CommitSpace recount(long seq) throws VolumeException {
        List<CommitSpace> found = new ArrayList<>(1);
        scan(new KeyRange(IndexKeys.frames(seq, 0), IndexKeys.frames(seq + 1, 0)), () -> false, found::add);
        return found.isEmpty() ? null : found.get(0);
    }

    private void scan(KeyRange range, BooleanSupplier ended, Consumer<CommitSpace> found) throws VolumeException {
        // A recount looks at any commit, the first count only at those that nobody else reports.
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
        KeyRange range = new KeyRange(IndexKeys.deaths(id.seq(), 0), IndexKeys.deaths(id.seq() + 1, 0));
        try (Cursor cursor = index.scan(range, false)) {
            while (cursor.next() && IndexKeys.deathSeq(cursor.key()) <= last) {
                for (int slot : DeathRecord.decode(cursor.value()).slots()) {
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

    /** Whether the numbers are those of the index. */
    boolean isComplete() {
        return complete;
    }

    /** Throws what went wrong while counting: then nothing may be deleted. */
    void check() throws VolumeException {
        VolumeException why = failure.get();
        if (why != null) {
            throw new VolumeException(why.kind(), "live bytes cannot be counted: " + why.getMessage(), why);
        }
    }

    /** All commits, by seq. */
    synchronized List<CommitSpace> commits() throws VolumeException {
        List<CommitSpace> all = new ArrayList<>(commits.size());
        for (Long seq : commits.keySet()) {
            all.add(find(seq));
        }
        return all;
    }

    /** One commit, or null if there is none. */
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

    /** Whether the index has this very commit, rather than none or one of another epoch. */
    synchronized boolean contains(CommitId id) {
        Space space = commits.get(id.seq());
        return space != null && space.epoch == id.epoch();
    }

    /** The epochs that have commits. */
    synchronized Set<Long> epochs() {
        Set<Long> epochs = new HashSet<>();
        commits.values().forEach(space -> epochs.add(space.epoch));
        return epochs;
    }

    /** These commits are gone from store and index. */
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
