// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a volume that another process writes: applies whole commits of its log to a private index, and shows the state
 * after them. Each state is a cut. Without the store it keeps the state that it has. If the next commits are gone, it opens
 * the newest state into another index. Owns one thread, from {@link #start} to {@link #close}.
 */
public final class VolumeFollower implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeFollower.class);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration RETRY_MAX = Duration.ofSeconds(30);

    /** Maximum nanoseconds in which a reader waits for a newer state. */
    private static final long NEWER_NANOS_MAX = 10_000_000_000L;

    private static final long STOP_NANOS_MAX = 10_000_000_000L;

    private final VolumeReader reader;
    private final LongSupplier clock;
    private final LogTail tail;
    private final FollowSchedule schedule;
    private final TaskHealth health = new TaskHealth("following the volume", FIRST_RETRY, RETRY_MAX);
    private final AtomicLong reopenings = new AtomicLong();
    private final Queue<Base> unused = new ConcurrentLinkedQueue<>();
    private final Lock lock = Machine.current().newLock();
    private final Condition changed = lock.newCondition();

    private Base base;
    private Viewer viewer;
    private Machine.Task task;
    /** The last time at which the shown state was the newest. */
    private volatile long newestNanos;

    private volatile LogTail.Position shown;
    private volatile boolean stopped;
    private boolean hurried;
    private long looks;

    /** Shows states. */
    @FunctionalInterface
    public interface Viewer {
        /** @param next owned by the viewer if this does not throw; closing it does not wait */
        void show(Volume next) throws VolumeException;
    }

    /**
     * Statistics of a follower.
     *
     * @param lastSeq the last commit of the shown state
     * @param ageNanos time since the shown state was the newest durable one: an upper bound of the lag
     * @param reopenings newest states that were opened because the log between was gone
     * @param failures looks at the store that failed
     */
    public record Statistics(long lastSeq, long ageNanos, long reopenings, long failures) {}

    private VolumeFollower(VolumeReader reader, VolumeReader.View view) {
        this.reader = reader;
        this.clock = reader.runtime().nanoTime();
        this.tail = reader.tail();
        this.base = new Base(view);
        this.newestNanos = clock.getAsLong();
        this.schedule = new FollowSchedule(newestNanos);
        tail.begin(view);
        shown = tail.position();
    }

    /** Opens the newest state. The reader stays open when the follower is closed. */
    public static VolumeFollower open(VolumeReader reader) throws OpenException {
        return new VolumeFollower(reader, reader.openNewest());
    }

    /** Returns the first state, for the file system that {@link #start} shows the others to. */
    public Volume first() throws VolumeException {
        return base.state();
    }

    /** Begins to follow. When the returned object is closed, the viewer gets no more states. */
    public AutoCloseable start(Viewer shows) {
        showTo(shows);
        task = Machine.current().start("zerofs-follower", this::run);
        return this::stop;
    }

    void showTo(Viewer shows) {
        viewer = shows;
    }

    /** One index with its users: the follower, and the states on it. */
    private final class Base {
        private final VolumeReader.View view;
        private final CommitApplier applier;
        private final AtomicInteger users = new AtomicInteger(1);

        Base(VolumeReader.View view) {
            this.view = view;
            this.applier = new CommitApplier(view.index());
        }

        Volume state() throws VolumeException {
            users.incrementAndGet();
            boolean done = false;
            try {
                Volume state = reader.stateOf(view, tail.position(), this::release);
                done = true;
                return state;
            } finally {
                if (!done) {
                    release();
                }
            }
        }

        /** Closing an index takes time, so the follower's thread does it. */
        void release() {
            if (users.decrementAndGet() == 0) {
                unused.add(this);
            }
        }
    }

    public Statistics statistics() {
        return new Statistics(shown.lastSeq(), clock.getAsLong() - newestNanos, reopenings.get(), health.restarts());
    }

    private void run() {
        long delay = schedule.unchanged(clock.getAsLong());
        while (awaitTurn(delay)) {
            delay = look();
            closeUnused();
        }
    }

    /** Looks at the log once and shows what is new. Returns the nanoseconds until the next look. */
    long look() {
        try {
            long begin = clock.getAsLong();
            boolean advanced = advance();
            health.succeeded();
            if (tail.hasMore()) {
                return 0;
            }
            if (tail.isWhole()) {
                newestNanos = begin;
            }
            return advanced ? schedule.changed(begin) : schedule.unchanged(begin);
        } catch (ObjectStoreException
                | CorruptObjectException
                | OpenException
                | IOException
                | VolumeException
                | RuntimeException
                | OutOfMemoryError e) {
            return health.failed(e);
        } finally {
            looked();
        }
    }

    private boolean advance()
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException {
        try {
            boolean hurry = takeHurry();
            boolean more = tail.advance(base.applier, hurry ? LogTail.Look.MANIFESTS : schedule.look());
            // The first commits may lead to a state whose data is gone too, and the next ones may be gone.
            while (hurry && more) {
                more = tail.advance(base.applier, LogTail.Look.MANIFESTS);
            }
        } catch (LogTail.FellBehindException e) {
            reopen(e.getMessage());
        }
        LogTail.Position now = tail.position();
        if (!tail.isWhole() || now.lastSeq() == shown.lastSeq()) {
            return false;
        }
        viewer.show(base.state());
        shown = now;
        return true;
    }

    private void reopen(String why) throws OpenException, VolumeException {
        LOG.info("opening the newest state anew: {}", why);
        VolumeReader.View view = reader.openNewest();
        if (view.lastSeq() < shown.lastSeq()) {
            view.close();
            throw new OpenException(
                    OpenException.Kind.LOST_OBJECT,
                    "the store ends with commit " + view.lastSeq() + ", and this daemon shows commit " + shown.lastSeq()
                            + ": the store was restored, or presents an old state; start again to show it");
        }
        Base before = base;
        base = new Base(view);
        tail.begin(view);
        before.release();
        reopenings.incrementAndGet();
    }

    /** Looks at the log at once, and waits until this is done, for a bounded time. For readers whose data is gone. */
    public void awaitNewer() {
        lock.lock();
        try {
            // A look that is under way may have begun too early.
            long enough = looks + 2;
            long left = NEWER_NANOS_MAX;
            while (left > 0 && looks < enough && !stopped) {
                hurry();
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** Lets the next look be soon and thorough. */
    void hurry() {
        lock.lock();
        try {
            hurried = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void looked() {
        lock.lock();
        try {
            looks++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean takeHurry() {
        lock.lock();
        try {
            boolean was = hurried;
            hurried = false;
            return was;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next look. Returns false when the follower ends. */
    private boolean awaitTurn(long delayNanos) {
        lock.lock();
        try {
            for (long left = delayNanos; left > 0 && !stopped && !hurried; ) {
                left = changed.awaitNanos(left);
            }
            return !stopped;
        } catch (InterruptedException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    void closeUnused() {
        for (Base each = unused.poll(); each != null; each = unused.poll()) {
            try {
                each.view.close();
            } catch (VolumeException e) {
                LOG.warn("closing an index failed: {}", e.getMessage());
            }
        }
    }

    private void stop() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (task != null) {
            try {
                task.interrupt();
                task.join(STOP_NANOS_MAX);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends the thread and closes the index. All states are closed before, so nothing uses it any more. */
    @Override
    public void close() {
        stop();
        base.release();
        closeUnused();
    }
}
