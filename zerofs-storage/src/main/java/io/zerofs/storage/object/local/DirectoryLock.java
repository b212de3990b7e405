// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import io.zerofs.core.runtime.Machine;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Lock;

/** A lock on a store's directory for all threads of all processes. Its owner makes only a few system calls. */
final class DirectoryLock {
    private static final String FILE = "~lock";

    /**
     * One lock per directory. A POSIX record lock belongs to the process, and closing any descriptor of the file
     * releases it. So threads of a process exclude each other with the lock, and only its owner has the file open. A lock
     * goes with its last user.
     */
    private static final Map<String, WeakReference<Lock>> LOCKS = new HashMap<>(); // guarded by the map

    interface Action<T> {
        T run() throws IOException;
    }

    private final Path file;
    private final Lock threads;

    /** @param directory a real path, so that all names of one directory share a lock */
    DirectoryLock(Path directory) {
        this.file = directory.resolve(FILE);
        this.threads = lockOf(file.toString());
    }

    private static Lock lockOf(String file) {
        synchronized (LOCKS) {
            LOCKS.values().removeIf(lock -> lock.get() == null);
            WeakReference<Lock> known = LOCKS.get(file);
            Lock lock = known == null ? null : known.get();
            if (lock == null) {
                lock = Machine.current().newLock();
                LOCKS.put(file, new WeakReference<>(lock));
            }
            return lock;
        }
    }

    <T> T whileHeld(Action<T> action) throws IOException {
        threads.lock();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assert lock.isValid();
            return action.run();
        } finally {
            threads.unlock();
        }
    }
}
