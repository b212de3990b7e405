// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.engine.memtable.CommitTable;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.pipeline.InFlightCommit.State;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.engine.upkeep.CheckpointSource.AppliedCommit;
import io.zerofs.storage.engine.write.WritePath;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.seal.Salt;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when to cut, keeps several commits in flight, and answers in their order. Its lock comes before the gate, is held
 * for microseconds, and no future completes under it. Thread-safe.
 */
public final class CommitPipeline {
    private static final Logger log = LoggerFactory.getLogger(CommitPipeline.class);

    /** Number of progress checks before a barrier fails. */
    private static final int LOOKS_PER_STALL = 12;

    /** Maximum commits, for each that may be in flight, that are stored before an earlier one is. */
    private static final int AHEAD_MAX = 4;

    private final long epoch;
    private final EngineSettings.Commits settings;
    private final WritePath writes;
    private final CommitTable dirty;
    private final CommitUpload upload;
    private final CommitCompletion completion;
    private final EngineRuntime runtime;
    private final StopSwitch stop;
    private final Traffic traffic;
    private final CommitPacing pacing;

    private final Lock lock = Machine.current().newLock();
    private final Deque<InFlightCommit> flights = new ArrayDeque<>();
    private final BarrierWaiters waiters = new BarrierWaiters();
    private final AtomicBoolean flushArmed = new AtomicBoolean();
    private final AtomicBoolean retryArmed = new AtomicBoolean();
    private final AtomicBoolean cutRefused = new AtomicBoolean();
    private final RefusalDelay cutDelay = new RefusalDelay();
    private final RefusalDelay applyDelay = new RefusalDelay();
    private Salt lastSalt;
    private boolean cutWanted;
    private boolean completing;
    private boolean deadlineArmed;
    private boolean spacingArmed;
    private long movedBytes;
    private long failuresBefore;
    private volatile long progressNanos;
    private volatile AppliedCommit applied;

    public CommitPipeline(
            long epoch,
            AppliedCommit applied,
            EngineSettings.Commits settings,
            Stages stages,
            EngineRuntime runtime,
            StopSwitch stop) {
        this.epoch = epoch;
        this.applied = applied;
        this.lastSalt = applied.salt();
        this.settings = settings;
        this.writes = stages.writes();
        this.dirty = stages.dirty();
        this.upload = stages.upload();
        this.completion = stages.completion();
        this.runtime = runtime;
        this.stop = stop;
        this.traffic = stages.traffic();
        this.pacing = new CommitPacing(settings, traffic);
        this.progressNanos = runtime.nanoTime().getAsLong();
        stop.onStop(this::failAll);
    }

    /**
     * The stages of a commit.
     *
     * @param traffic the traffic with the store
     */
    public record Stages(
            WritePath writes, CommitTable dirty, CommitUpload upload, CommitCompletion completion, Traffic traffic) {}

    /** Returns the newest commit that the index has completely. */
    public AppliedCommit lastApplied() {
        return applied;
    }

    /**
     * The way from memory to the store.
     *
     * @param commits commits that are cut and not yet durable in their order
     * @param oldestSeconds age of the oldest change that is not durable; no number if every change is
     */
    public record Backlog(int commits, double oldestSeconds) {}

    public Backlog backlog() {
        lock.lock();
        try {
            InFlightCommit first = flights.peekFirst();
            long oldest = (first == null ? dirty.open() : first.commit()).changedNanos();
            double age = (runtime.nanoTime().getAsLong() - oldest) / 1e9;
            return new Backlog(flights.size(), oldest == 0 ? Double.NaN : age);
        } finally {
            lock.unlock();
        }
    }

    /** Notes a batch. The caller holds none of the engine's locks. */
    public void changed(OpenCommit commit) {
        commit.noteChange(runtime.nanoTime());
        if (commit.memoryBytes() >= pacing.cutBytes(commit.seq() - 1 - applied.seq())
                && !commit.isFrozen()
                && !pacing.isGrowing(commit)) {
            locked(() -> {
                if (dirty.open() == commit) {
                    cut();
                }
            });
            pump();
        }
        if (!flushArmed.get() && flushArmed.compareAndSet(false, true)) {
            runtime.timer().after(settings.flushInterval().toNanos(), this::flush);
        }
    }

    /**
     * Starts a barrier. The future completes with a seq when that commit and all before it are durable. They have every batch
     * that was applied before the call, and every batch in progress that a reader may have seen in the index.
     */
    public CompletableFuture<Long> barrier() {
        CompletableFuture<Long> result;
        lock.lock();
        try {
            stop.check();
            OpenCommit open = dirty.open();
            if (!open.isChanged()) {
                // A commit that has changed is cut after such batches anyway.
                writes.settle();
            }
            cutWanted |= open.isChanged();
            long seq = open.isChanged() ? open.seq() : open.seq() - 1;
            if (seq <= applied.seq()) {
                return CompletableFuture.completedFuture(seq);
            }
            long now = runtime.nanoTime().getAsLong();
            if (waiters.isEmpty()) {
                failuresBefore = upload.failures();
                movedBytes = traffic.movedBytes();
            }
            result = waiters.add(seq, now);
            awaitStall(now);
        } catch (VolumeException e) {
            return CompletableFuture.failedFuture(e);
        } finally {
            lock.unlock();
        }
        pump();
        return result;
    }

    /** Returns whether a caller waits for an answer. */
    public boolean awaitsBarrier() {
        lock.lock();
        try {
            return !waiters.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private interface Step {
        void run() throws VolumeException;
    }

    /** Runs a step under the lock, and handles its failure outside the lock. */
    private void locked(Step step) {
        VolumeException failure = null;
        lock.lock();
        try {
            if (stop.isStopped()) {
                return;
            }
            step.run();
        } catch (VolumeException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = WritePath.internalError(e);
        } finally {
            lock.unlock();
        }
        if (failure == null) {
            return;
        }
        if (failure.kind() == VolumeException.Kind.NO_SPACE) {
            retryCut(failure);
        } else {
            stop.stop(failure);
        }
    }

    /** Repeats a refused cut: one attempt at a time and one line in the log, however many callers meet the refusal. */
    private void retryCut(VolumeException refusal) {
        if (cutRefused.compareAndSet(false, true)) {
            log.warn("cannot cut the open commit, trying again: {}", refusal.getMessage());
        }
        if (retryArmed.compareAndSet(false, true)) {
            runtime.timer().after(cutDelay.nextNanos(), () -> {
                retryArmed.set(false);
                pump();
            });
        }
    }

    private void flush() {
        flushArmed.set(false);
        locked(() -> cutWanted |= dirty.open().isChanged());
        pump();
    }

    /** Starts uploads that may start: frozen commits first, then the open one if a caller waits for it. */
    private void pump() {
        List<InFlightCommit> starting = new ArrayList<>();
        locked(() -> {
            while (true) {
                InFlightCommit next = firstFrozen();
                if (next == null && cutWanted && hasSlot(dirty.open()) && isSpaced()) {
                    next = cut();
                }
                if (next == null || !hasSlot(next.commit())) {
                    return;
                }
                next.begin(runtime.nanoTime().getAsLong(), applied.seq());
                starting.add(next);
            }
        });
        starting.forEach(flight -> upload.start(flight, this::stored));
    }

    private InFlightCommit firstFrozen() {
        for (InFlightCommit flight : flights) {
            if (flight.state() == State.FROZEN) {
                return flight;
            }
        }
        return null;
    }

    /**
     * Returns whether one more commit may be in flight. Commits that were stored before an earlier one do not count, so that a
     * slow request leaves no connection idle. Commits that wait to be applied count, so that callers share requests.
     */
    private boolean hasSlot(OpenCommit commit) {
        InFlightCommit first = flights.peekFirst();
        boolean ahead = first != null && first.state() == State.UPLOADING;
        int uploads = 0;
        int stored = 0;
        long bytes = 0;
        for (InFlightCommit flight : flights) {
            if (ahead && flight.state() == State.STORED) {
                stored++;
            } else if (flight.state() != State.FROZEN) {
                uploads++;
                bytes += flight.commit().memoryBytes();
            }
        }
        return uploads == 0 || stored < AHEAD_MAX * settings.uploadsMax() && pacing.hasRoom(uploads, bytes, commit);
    }

    private boolean isSpaced() {
        long left =
                flights.isEmpty() ? 0 : pacing.spacingLeft(runtime.nanoTime().getAsLong());
        if (left <= 0) {
            return true;
        }
        if (!spacingArmed) {
            spacingArmed = true;
            runtime.timer().after(left, () -> {
                locked(() -> spacingArmed = false);
                pump();
            });
        }
        return false;
    }

    private InFlightCommit cut() throws VolumeException {
        OpenCommit frozen = writes.cut();
        cutWanted = false;
        if (cutRefused.getAndSet(false)) {
            cutDelay.accepted();
            log.info("the open commit is cut");
        }
        if (frozen == null) {
            return null;
        }
        Salt salt = Salt.random(runtime.random());
        InFlightCommit flight = new InFlightCommit(frozen, new CommitId(epoch, frozen.seq()), salt, lastSalt);
        lastSalt = salt;
        flights.addLast(flight);
        writes.recentFrom(pacing.cut(frozen, runtime.nanoTime().getAsLong()));
        return flight;
    }

    private void stored(InFlightCommit flight) {
        SealedCommit object = flight.sealed();
        locked(() -> {
            long took = runtime.nanoTime().getAsLong() - flight.beganNanos();
            pacing.stored(flight.commit().memoryBytes(), took);
            flight.stored();
            failuresBefore = upload.failures();
            // A commit that is stored while an earlier one is not brings no caller closer to its answer. But writers
            // continue: if one slow request stopped them, all connections would soon be idle.
            if (isStoredThrough(flight)) {
                progressNanos = runtime.nanoTime().getAsLong();
            } else if (dirty.keepEarly(flight.commit())) {
                completion.keptEarly(flight);
            }
        });
        try {
            completion.offer(object);
        } finally {
            completeAndPump();
        }
    }

    private boolean isStoredThrough(InFlightCommit last) {
        for (InFlightCommit flight : flights) {
            if (flight.state() != State.STORED) {
                return false;
            }
            if (flight == last) {
                return true;
            }
        }
        return true;
    }

    private void completeAndPump() {
        completeOrStop();
        pump();
    }

    /** Completes commits. Half a completion cannot be repeated, so after a bug the engine ends, and recovery repeats it. */
    private void completeOrStop() {
        try {
            complete();
        } catch (RuntimeException | Error e) {
            stop.stop(WritePath.internalError(e));
            throw e;
        }
    }

    /** Applies and answers durable commits. One thread at a time, so that answers keep the order of the log. */
    private void complete() {
        for (InFlightCommit flight = nextDurable(); flight != null; flight = nextDurable()) {
            try {
                completion.apply(flight);
            } catch (VolumeException e) {
                retryOrStop(flight, e);
                return;
            }
            applyDelay.accepted();
            answer(flight);
        }
    }

    private void retryOrStop(InFlightCommit flight, VolumeException refusal) {
        boolean passing = refusal.kind() == VolumeException.Kind.NO_SPACE;
        long delay = passing ? applyDelay.nextNanos() : 0;
        if (passing && applyDelay.isNews()) {
            log.warn("commit {} is durable but not yet applied: {}", flight.id().seq(), refusal.getMessage());
        }
        endCompleting();
        if (passing) {
            runtime.timer().after(delay, () -> runtime.uploads().execute(this::completeAndPump));
        } else {
            stop.stop(refusal);
        }
    }

    private void answer(InFlightCommit flight) {
        List<Runnable> answers;
        dirty.keep(flight.commit(), flight.isKeptEarly());
        lock.lock();
        try {
            flights.removeFirst();
            applied = new AppliedCommit(flight.id().seq(), flight.salt());
            answers = waiters.answers(applied.seq());
        } finally {
            lock.unlock();
        }
        completion.release(flight);
        answers.forEach(Runnable::run);
        endCompleting();
    }

    private void endCompleting() {
        lock.lock();
        completing = false;
        lock.unlock();
    }

    private InFlightCommit nextDurable() {
        lock.lock();
        try {
            InFlightCommit first = flights.peekFirst();
            if (completing || stop.isStopped() || first == null || first.state() != State.STORED) {
                return null;
            }
            completing = true;
            return first;
        } finally {
            lock.unlock();
        }
    }

    private void awaitStall(long now) {
        if (!deadlineArmed && !waiters.isEmpty()) {
            deadlineArmed = true;
            long stall = settings.barrierDeadline().toNanos();
            long left = waiters.stallsAt(progressNanos, stall) - now;
            runtime.timer().after(Math.max(1, Math.min(left, stall / LOOKS_PER_STALL)), this::expire);
        }
    }

    private void expire() {
        List<Runnable> answers = new ArrayList<>();
        locked(() -> {
            deadlineArmed = false;
            long now = runtime.nanoTime().getAsLong();
            noteProgress(now);
            answers.addAll(waiters.expired(
                    now, progressNanos, settings.barrierDeadline().toNanos()));
            awaitStall(now);
        });
        answers.forEach(Runnable::run);
    }

    /**
     * Notes progress. Moving bytes are progress, but not for ever: after as many failed uploads as may be in flight, only a
     * stored commit counts.
     */
    private void noteProgress(long now) {
        long moved = traffic.movedBytes();
        if (moved != movedBytes && upload.failures() - failuresBefore <= settings.uploadsMax()) {
            progressNanos = now;
        }
        movedBytes = moved;
    }

    /** Returns the time of the last known progress. */
    public long progressNanos() {
        return progressNanos;
    }

    private void failAll(VolumeException why) {
        lock.lock();
        List<Runnable> answers;
        try {
            answers = waiters.failures(why);
        } finally {
            lock.unlock();
        }
        answers.forEach(Runnable::run);
    }
}
