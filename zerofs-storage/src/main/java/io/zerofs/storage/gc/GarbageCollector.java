// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.Checkpointer;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.engine.RecoveredVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.upkeep.GcHook;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.engine.upkeep.GcStatistics;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.Traffic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the store at intervals. It deletes dead objects, moves the live frames of half-dead commits, and asks for a
 * checkpoint when garbage waits for one. It starts to count when it is made, and works on the threads for requests.
 * Thread-safe.
 */
public final class GarbageCollector implements GcHook {
    private static final Logger LOG = LoggerFactory.getLogger(GarbageCollector.class);

    private static final long GAIN_MIN = 4 << 20;
    private static final long GAIN_MIN_IDLE = 1 << 20;
    private static final long PASS_BYTES_MIN = 64 << 20;
    /** A pass walks all chunk entries. So it may copy the live bytes divided by this number. */
    private static final int PASS_PART = 64;

    private static final long WAITING_FOR_CHECKPOINT_MAX = 16 << 20;
    private static final long WAITING_BYTES_MAX_IDLE = 256 << 10;
    private static final long PAUSE_SLICE_NANOS = 50_000_000;
    private static final Duration RETRY_MAX = Duration.ofMinutes(10);

    private final GcSettings settings;
    private final EngineRuntime runtime;
    private final RocksIndex index;
    private final Traffic traffic;
    private final GcSource source;
    private final Checkpointer checkpoints;
    private final LiveBytes live;
    private final SnapshotPins pins;
    private final ObjectReaper reaper;
    private final OrphanSweep sweep;
    private final Repacker repacker;
    private final Pacing pacing;
    private final GcSchedule schedule;
    private final Lock running = Machine.current().newLock();
    private final Set<Long> unreadable = new HashSet<>();
    private final TaskHealth health;
    private final TaskHealth sweepHealth;
    private final LongAdder passes = new LongAdder();
    private final LongAdder orphans = new LongAdder();
    private long forgottenBytes;
    private volatile boolean ended;
    private volatile GcStatistics last = GcStatistics.NONE;
    private volatile Map<String, Long> pinnedBytes = Map.of();

    /**
     * @param source the volume that was opened from {@code recovered}, before its first batch
     * @param checkpoints of the same volume
     */
    public GarbageCollector(
            GcSettings settings,
            EngineRuntime runtime,
            RecoveredVolume recovered,
            GcSource source,
            Checkpointer checkpoints) {
        this.settings = settings;
        this.runtime = runtime;
        this.index = recovered.index();
        this.traffic = recovered.store().traffic();
        this.source = source;
        this.checkpoints = checkpoints;
        this.live = new LiveBytes(index, recovered.lastSeq());
        this.pins = new SnapshotPins(checkpoints.chain());
        ObjectReaper.Volume volume = new ObjectReaper.Volume(index, recovered.store(), checkpoints, source);
        this.reaper = new ObjectReaper(volume, live, pins, settings.grace().toNanos(), runtime.nanoTime());
        this.sweep = new OrphanSweep(
                recovered.store(),
                checkpoints.chain(),
                live,
                pins,
                new CommitReader(recovered.store(), recovered.keys()));
        this.health = new TaskHealth("garbage collection", settings.interval(), RETRY_MAX);
        this.sweepHealth = new TaskHealth("the sweep for orphans", settings.interval(), RETRY_MAX);
        this.schedule = new GcSchedule(settings, runtime.nanoTime());
        this.pacing = new Pacing(source, settings.share(), runtime.nanoTime(), this::pause, () -> ended);
        this.repacker =
                new Repacker(index, source, new ParallelSteps(runtime.requests(), settings.requestsMax() - 1), pacing);
    }

    /** Starts to work at intervals. */
    public GarbageCollector start() {
        if (settings.enabled()) {
            again(settings.interval().toNanos());
        }
        return this;
    }

    @Override
    public void applied(FrameTable frames, List<DeadFrames> deadFrames) {
        if (settings.enabled() && !ended) {
            live.applied(frames, deadFrames);
        }
    }

    @Override
    public GcStatistics statistics() {
        return last.withRestarts(health.restarts(), sweepHealth.restarts());
    }

    @Override
    public Map<String, Long> pinnedBytes() {
        return pinnedBytes;
    }

    @Override
    public void close() {
        ended = true;
    }

    private void again(long nanos) {
        runtime.timer().after(nanos, () -> runtime.requests().execute(this::passByItself));
    }

    private void passByItself() {
        long pauseNanos = settings.interval().toNanos();
        try {
            if (!ended) {
                pass();
                health.succeeded();
            }
        } catch (VolumeException | CorruptObjectException | ObjectStoreException | RuntimeException | Error e) {
            pauseNanos = Math.max(pauseNanos, failed(e));
        } finally {
            if (!ended) {
                again(pauseNanos);
            }
        }
    }

    /** Returns the nanoseconds until the next attempt. Attempts never end, because garbage costs money. */
    private long failed(Throwable why) {
        VolumeException.Kind kind = why instanceof VolumeException e ? e.kind() : null;
        if (ended && kind != VolumeException.Kind.FENCED) {
            // A closing volume accepts no more of a pass, and its last changes are still in flight.
            return 0;
        }
        if (kind == VolumeException.Kind.FENCED || kind == VolumeException.Kind.CLOSED) {
            ended = true;
            source.stop((VolumeException) why);
            return 0;
        }
        if (kind == null || kind == VolumeException.Kind.CORRUPT) {
            // Counts that may be wrong delete nothing: the index has the right ones.
            live.startOver();
        }
        return health.failed(why);
    }

    /**
     * Makes one pass: counts, deletes and moves.
     *
     * @throws VolumeException FENCED if another writer took over; CORRUPT if index or store are damaged
     */
    void pass() throws VolumeException, ObjectStoreException, CorruptObjectException {
        running.lock();
        try {
            if (!live.isComplete()) {
                live.count(() -> ended);
                schedule.sweepAfter(settings.interval().toNanos());
            }
            live.check();
            passes.increment();
            schedule.begin(source.requests());
            boolean changed = reaper.pass();
            if (schedule.isSweepDue()) {
                sweep();
            }
            changed |= compact() | repack();
            askForCheckpoint();
            note(changed);
        } finally {
            running.unlock();
        }
    }

    /** Sweeps orphans. A failed sweep is repeated later and does not stop other garbage collection. */
    private void sweep() {
        long pauseNanos = settings.sweepInterval().toNanos();
        try {
            List<PendingDeletion> found = sweep.find(() -> ended);
            reaper.offer(found);
            orphans.add(found.size());
            if (!found.isEmpty()) {
                LOG.info("{} orphans of earlier writers will be deleted", found.size());
            }
            sweepHealth.succeeded();
        } catch (ObjectStoreException | CorruptObjectException | RuntimeException e) {
            pauseNanos = Math.min(pauseNanos, sweepHealth.failed(e));
        }
        schedule.sweepAfter(pauseNanos);
    }

    /**
     * Puts files in order while clients are idle, for three reasons. Frames that deltas hide in part count as live, compaction
     * ignores chunks with few deltas, and compacted chunks are scattered. The walk over all entries takes several passes. The
     * next walk begins only after a long rest, so that walking takes a small part of the time.
     */
    private boolean compact() throws VolumeException {
        if (!schedule.isCompactionDue(repacker.isCompacting(), source.requests())) {
            return false;
        }
        if (!repacker.isCompacting()) {
            schedule.walkBegins(source.requests());
        }
        long began = runtime.nanoTime().getAsLong();
        long before = repacker.movedChunks();
        pacing.begin();
        repacker.compact(passBytes(), Repacker.chunksPerRequest(traffic));
        schedule.walked(began, !repacker.isCompacting());
        return repacker.movedChunks() > before;
    }

    private long passBytes() {
        return Math.max(PASS_BYTES_MIN, last.liveBytes() / PASS_PART);
    }

    /** Moves frames of commits that no replay needs. Moving others would not free their commits. */
    private boolean repack() throws VolumeException {
        long replayFrom = checkpoints.chain().head().checkpoint().replayFrom();
        List<CommitSpace> candidates = new ArrayList<>();
        for (CommitSpace commit : live.commits()) {
            if (commit.seq() < replayFrom && !commit.isDead() && !unreadable.contains(commit.seq())) {
                candidates.add(commit);
            }
        }
        VictimChoice choice = new VictimChoice(
                settings.garbageShare() / (schedule.isIdle() ? 2 : 1),
                schedule.isIdle() ? GAIN_MIN_IDLE : GAIN_MIN,
                passBytes(),
                !schedule.isIdle(),
                VictimChoice.objectCost(traffic));
        Set<Long> victims = choice.of(candidates);
        if (victims.isEmpty()) {
            return false;
        }
        pacing.begin();
        if (!repacker.move(victims)) {
            unreadable.addAll(victims);
        }
        return true;
    }

    /**
     * Asks for a checkpoint, for two reasons. Garbage in commits that a replay would need can go only after a checkpoint covers
     * them. And records removed from the index stay in the published tables: one checkpoint writes the removals to a table,
     * RocksDB compacts it, and another checkpoint publishes the rest.
     */
    private void askForCheckpoint() throws VolumeException {
        long replayFrom = checkpoints.chain().head().checkpoint().replayFrom();
        long bytes = 0;
        long objects = 0;
        for (CommitSpace commit : live.commits()) {
            if (commit.seq() >= replayFrom) {
                bytes += commit.objectBytes() - commit.liveBytes();
                objects++;
            }
        }
        long cost = bytes + objects * VictimChoice.objectCost(traffic);
        boolean due = schedule.isIdle()
                ? bytes > WAITING_BYTES_MAX_IDLE || cost > GAIN_MIN || indexGarbage() > WAITING_BYTES_MAX_IDLE
                : bytes > WAITING_FOR_CHECKPOINT_MAX;
        if (due) {
            forgottenBytes = reaper.forgottenBytes();
            checkpoints.request();
        }
    }

    /** Returns bytes of tables in the store that another checkpoint would free, or let RocksDB free. */
    private long indexGarbage() throws VolumeException {
        long published = checkpoints.chain().head().checkpoint().tables().stream()
                .mapToLong(TableReference::size)
                .sum();
        return Math.max(reaper.forgottenBytes() - forgottenBytes, published - index.tableBytes());
    }

    private void note(boolean changed) throws VolumeException {
        long commitBytes = 0;
        long liveBytes = 0;
        List<CommitSpace> all = live.commits();
        for (CommitSpace commit : all) {
            commitBytes += commit.objectBytes();
            liveBytes += commit.liveBytes();
        }
        last = new GcStatistics(
                all.size(),
                commitBytes,
                liveBytes,
                checkpoints.chain().head().deletions().size(),
                passes.sum(),
                repacker.movedChunks(),
                repacker.movedBytes(),
                repacker.outrunMoves(),
                reaper.deleted(),
                reaper.failed(),
                orphans.sum(),
                0,
                0);
        pinnedBytes = pins.bytesOfOne(all, checkpoints.chain().head().checkpoint());
        if (changed) {
            LOG.debug(
                    "garbage collection: {} commits of {} bytes, {} live; {} entries await deletion; since the start"
                            + " {} chunks moved ({} bytes), {} objects deleted",
                    last.commits(),
                    last.commitBytes(),
                    last.liveBytes(),
                    last.awaitingDeletion(),
                    last.movedChunks(),
                    last.movedBytes(),
                    last.deletedObjects());
        }
    }

    private void pause(long nanos) {
        Machine machine = Machine.current();
        long end = machine.nanoTime() + nanos;
        try {
            for (long left = nanos; left > 0 && !ended; left = end - machine.nanoTime()) {
                machine.sleep(Math.min(left, PAUSE_SLICE_NANOS));
            }
        } catch (InterruptedException e) {
            // The engine's threads end.
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the live bytes for tests, which compare them with a full scan. */
    LiveBytes liveBytes() {
        return live;
    }
}
