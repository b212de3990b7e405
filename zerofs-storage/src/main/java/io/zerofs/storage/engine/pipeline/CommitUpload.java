// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitSealer;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ExclusiveCreate;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Seals commits and puts them into the store, each until the store has it or another writer's object in its place. Every
 * attempt sends the same bytes. Thread-safe.
 */
public final class CommitUpload {
    private static final Logger log = LoggerFactory.getLogger(CommitUpload.class);
    private static final long FIRST_DELAY_NANOS = Duration.ofMillis(100).toNanos();
    private static final int DOUBLINGS_MAX = 20;

    private final CommitSealer sealer;
    private final ExclusiveCreate create;
    private final EngineRuntime runtime;
    private final StopSwitch stop;
    private final long delayMaxNanos;
    private final LongAdder failures = new LongAdder();

    public CommitUpload(
            CommitSealer sealer, ExclusiveCreate create, EngineRuntime runtime, StopSwitch stop, Duration delayMax) {
        this.sealer = sealer;
        this.create = create;
        this.runtime = runtime;
        this.stop = stop;
        this.delayMaxNanos = delayMax.toNanos();
    }

    /** @param stored called once when the store has the commit; never if the engine stops before */
    void start(InFlightCommit flight, Consumer<InFlightCommit> stored) {
        hand(flight, 0, stored);
    }

    /** Returns the number of failed attempts since the start. */
    public long failures() {
        return failures.sum();
    }

    private void hand(InFlightCommit flight, int attempt, Consumer<InFlightCommit> stored) {
        try {
            runtime.uploads().execute(() -> attempt(flight, attempt, stored));
        } catch (OutOfMemoryError e) {
            // No thread is available.
            retry(flight, attempt, stored, e);
        }
    }

    private void attempt(InFlightCommit flight, int attempt, Consumer<InFlightCommit> stored) {
        if (stop.isStopped()) {
            return;
        }
        try {
            SealedCommit object = sealed(flight);
            ExclusiveCreate.Outcome outcome = create.attempt(flight.id().objectName(), object.bytes(), flight.salt());
            if (outcome instanceof ExclusiveCreate.Taken taken) {
                stop.stop(fenced(flight, "by epoch " + taken.header().epoch()));
                return;
            }
        } catch (ObjectStoreException | OutOfMemoryError e) {
            retry(flight, attempt, stored, e);
            return;
        } catch (CorruptObjectException e) {
            if (e.isForeign()) {
                // No writer took over. The name is free again when a person has removed the object.
                retry(flight, attempt, stored, e);
                return;
            }
            stop.stop(fenced(flight, "by an object that is not ours (" + e.getMessage() + ")"));
            return;
        } catch (RuntimeException | Error e) {
            stop.stop(new VolumeException(
                    VolumeException.Kind.CLOSED, "commit " + flight.id().seq() + " could not be sealed", e));
            return;
        }
        stored.accept(flight);
    }

    private SealedCommit sealed(InFlightCommit flight) {
        if (flight.sealed() == null) {
            flight.sealed(sealer.seal(flight.draft()));
        }
        return flight.sealed();
    }

    private void retry(InFlightCommit flight, int attempt, Consumer<InFlightCommit> stored, Throwable why) {
        failures.increment();
        long bound = Math.min(delayMaxNanos, FIRST_DELAY_NANOS << Math.min(attempt, DOUBLINGS_MAX));
        // Random up to the bound, so that many commits and many daemons do not come back at one moment.
        long delay = 1 + (long) (runtime.random().nextDouble() * bound);
        if (Integer.bitCount(attempt + 1) == 1) {
            log.warn("commit {} was not stored at attempt {}: {}", flight.id().seq(), attempt + 1, why.getMessage());
        }
        runtime.timer().after(delay, () -> hand(flight, attempt + 1, stored));
    }

    private static VolumeException fenced(InFlightCommit flight, String by) {
        return new VolumeException(
                VolumeException.Kind.FENCED, "another writer owns the volume: " + flight.id() + " was taken " + by);
    }
}
