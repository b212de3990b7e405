// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots that clients read: opens one at its first use, and closes it when nobody has used it for some time, or when
 * another one needs its place. Thread-safe.
 */
public final class OpenSnapshots implements AutoCloseable {
    /** Maximum snapshots that are open. Each has an index on the disk and some MiB of memory. */
    static final int OPEN_MAX = 4;

    /** Nanoseconds without a use after which a snapshot is closed. */
    static final long IDLE_NANOS = 600_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(OpenSnapshots.class);

    private final Source source;
    private final Machine machine = Machine.current();
    private final Lock lock = machine.newLock();
    private final Condition changed = lock.newCondition();
    private final Map<Long, Entry> entries = new HashMap<>();
    private boolean closed;
    private boolean closingScheduled;

    /**
     * A snapshot.
     *
     * @param tree a number that no other snapshot of the volume ever has
     */
    public record Named(FileName name, long tree, Timestamp created) {}

    /** An open snapshot. */
    public interface Opened extends AutoCloseable {
        VirtualFileSystem files();
    }

    /** The snapshots of a volume. */
    public interface Source {
        /** Returns the snapshots, oldest first. Does not wait. */
        List<Named> list();

        /** Opens a snapshot, which may take minutes. */
        Opened open(Named snapshot) throws FsException;
    }

    /** The use of a snapshot by one operation. */
    public interface Use extends AutoCloseable {
        VirtualFileSystem files();

        @Override
        void close();
    }

    private static final class Entry {
        /** Null while a thread opens it. */
        private Opened opened;

        private int users;
        private long usedNanos;
    }

    public OpenSnapshots(Source source) {
        this.source = source;
    }

    List<Named> list() {
        return source.list();
    }

    /**
     * Returns the files of a snapshot, which stay open until the use is closed.
     *
     * @throws FsException STALE if it was deleted, IO if it cannot be opened
     */
    Use use(long tree) throws FsException {
        Named named = source.list().stream()
                .filter(each -> each.tree() == tree)
                .findFirst()
                .orElseThrow(FsError.STALE::exception);
        List<Opened> unused = new ArrayList<>();
        Entry entry;
        lock.lock();
        try {
            entry = entries.get(tree);
            while (entry != null && entry.opened == null) {
                NonBlockingThread.check();
                changed.await();
                entry = entries.get(tree);
            }
            if (entry != null) {
                return used(entry);
            }
            NonBlockingThread.check();
            makeRoom(unused);
            entry = new Entry();
            entries.put(tree, entry);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FsError.IO.exception("interrupted while snapshot " + named.name() + " was being opened", e);
        } finally {
            lock.unlock();
        }
        close(unused);
        return open(named, entry);
    }

    private Use open(Named named, Entry entry) throws FsException {
        Opened opened = null;
        try {
            opened = source.open(named);
        } finally {
            if (opened == null) {
                opened(named, entry, null);
            }
        }
        return opened(named, entry, opened);
    }

    private Use opened(Named named, Entry entry, Opened opened) {
        lock.lock();
        try {
            changed.signalAll();
            entry.opened = opened;
            if (opened == null) {
                entries.remove(named.tree());
                return null;
            }
            scheduleClosing();
            return used(entry);
        } finally {
            lock.unlock();
        }
    }

    /** Takes the snapshot out that has been unused for the longest time, if there is no room. */
    private void makeRoom(List<Opened> unused) throws FsException {
        if (closed) {
            throw FsError.IO.exception("the snapshots are closed", null);
        }
        if (entries.size() < OPEN_MAX) {
            return;
        }
        Map.Entry<Long, Entry> oldest = null;
        for (Map.Entry<Long, Entry> each : entries.entrySet()) {
            boolean free = each.getValue().opened != null && each.getValue().users == 0;
            if (free && (oldest == null || each.getValue().usedNanos - oldest.getValue().usedNanos < 0)) {
                oldest = each;
            }
        }
        if (oldest == null) {
            throw FsError.IO.exception(
                    "clients read " + OPEN_MAX + " snapshots at this moment, which is the maximum", null);
        }
        unused.add(oldest.getValue().opened);
        entries.remove(oldest.getKey());
    }

    private Use used(Entry entry) {
        entry.users++;
        return new Use() {
            @Override
            public VirtualFileSystem files() {
                return entry.opened.files();
            }

            @Override
            public void close() {
                lock.lock();
                try {
                    entry.users--;
                    entry.usedNanos = machine.nanoTime();
                    changed.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        };
    }

    private void scheduleClosing() {
        if (!closingScheduled) {
            closingScheduled = true;
            // Closing takes time, and the timer's thread must not wait.
            machine.after(
                    IDLE_NANOS,
                    () -> machine.start("zerofs-snapshots", () -> closeUnusedSince(machine.nanoTime() - IDLE_NANOS)));
        }
    }

    /** Closes snapshots without a later use. */
    void closeUnusedSince(long nanos) {
        List<Opened> unused = new ArrayList<>();
        lock.lock();
        try {
            closingScheduled = false;
            entries.values()
                    .removeIf(entry -> entry.opened != null
                            && entry.users == 0
                            && entry.usedNanos - nanos <= 0
                            && unused.add(entry.opened));
            if (!entries.isEmpty() && !closed) {
                scheduleClosing();
            }
        } finally {
            lock.unlock();
        }
        close(unused);
    }

    private static void close(List<Opened> unused) {
        for (Opened each : unused) {
            try {
                each.close();
            } catch (Exception e) {
                LOG.warn("closing a snapshot failed: {}", e.getMessage());
            }
        }
    }

    /** Closes all. Operations must have ended. */
    @Override
    public void close() {
        List<Opened> unused = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            entries.values().removeIf(entry -> entry.opened != null && unused.add(entry.opened));
        } finally {
            lock.unlock();
        }
        close(unused);
    }
}
