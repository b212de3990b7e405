// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import io.zerofs.core.runtime.Machine;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;

/**
 * Makes names in directories durable. Linux reports a failed write-back to only one fsync, and then treats the page as
 * clean. So a second fsync that succeeds proves nothing about a name. This class counts failures by directory. A name is
 * durable if it was changed after the last failure and synced without another failure. Thread-safe.
 */
final class DurableNames {
    private final Syncing syncing;
    private final Map<Path, Integer> failures = new ConcurrentHashMap<>();
    private final Lock creating = Machine.current().newLock();
    private final Set<Path> created = ConcurrentHashMap.newKeySet();

    DurableNames(Syncing syncing) {
        this.syncing = syncing;
    }

    /** Returns the number of failed syncs of this directory. The caller reads it before it changes a name there. */
    int failures(Path directory) {
        return failures.getOrDefault(directory, 0);
    }

    /** @param failuresBefore {@link #failures} before the names were changed */
    void sync(Path directory, int failuresBefore) throws IOException {
        try {
            syncing.directory(directory);
        } catch (IOException e) {
            failures.merge(directory, 1, Integer::sum);
            throw e;
        }
        if (failures(directory) != failuresBefore) {
            throw new IOException("another sync of the directory failed at the same time");
        }
    }

    /** Creates the store's directory. Syncs the names of existing ones above it too, because a creator may have died first. */
    void createRoot(Path root) throws IOException {
        create(root);
        for (Path at = root; at.getParent() != null; at = at.getParent()) {
            try {
                if (!created.contains(at)) {
                    syncName(at);
                }
            } catch (IOException e) {
                if (!LocalErrors.meansNoSync(e)) {
                    throw e;
                }
            }
        }
    }

    /** Creates the directory and its missing parents. If a sync fails, it removes them again. */
    void create(Path directory) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path at = directory; at != null && !Files.isDirectory(at); at = at.getParent()) {
            missing.push(at);
        }
        for (Path at : missing) {
            make(at);
        }
        try {
            for (Path at : missing) {
                syncName(at);
            }
            created.addAll(missing);
        } catch (IOException e) {
            remove(missing, e);
            throw e;
        }
    }

    /** Makes a directory unless another thread has made it. If the disk cannot tell, the disk's own failure comes out. */
    private static void make(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.readAttributes(directory, BasicFileAttributes.class).isDirectory()) {
                throw e;
            }
        }
    }

    /** Removes the directories, so that the next attempt makes the names anew. A directory with entries stays. */
    private static void remove(Deque<Path> directories, IOException cause) {
        try {
            while (!directories.isEmpty()) {
                Files.deleteIfExists(directories.removeLast());
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Creates a directory below the root. Syncs the name of an existing one, because its creator may not have done so. */
    void createBelow(Path root, Path directory) throws IOException {
        if (created.contains(directory) && Files.isDirectory(directory)) {
            return;
        }
        // One at a time: a failed attempt removes its directories before another thread puts an object into them.
        creating.lock();
        try {
            Deque<Path> path = new ArrayDeque<>();
            for (Path at = directory; !at.equals(root); at = at.getParent()) {
                path.push(at);
            }
            // From the top, so that a directory is in a durable one before it has entries.
            for (Path at : path) {
                create(at);
                if (!created.contains(at)) {
                    syncName(at);
                    created.add(at);
                }
            }
        } finally {
            creating.unlock();
        }
    }

    private void syncName(Path directory) throws IOException {
        Path parent = directory.getParent();
        int failuresBefore = failures(parent);
        if (failuresBefore > 0) {
            changeName(directory);
        }
        sync(parent, failuresBefore);
    }

    /**
     * Makes the name of an empty directory anew, because a sync writes only changes. A directory with entries had a durable
     * name before its first entry came, so any change in its parent serves.
     */
    private static void changeName(Path directory) throws IOException {
        try {
            Files.delete(directory);
            make(directory);
        } catch (DirectoryNotEmptyException e) {
            Files.delete(Files.createTempDirectory(directory.getParent(), "~"));
        }
    }
}
