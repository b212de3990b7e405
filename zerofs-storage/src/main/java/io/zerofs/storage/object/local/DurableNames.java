// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes names in directories durable. Linux reports a write-back that failed to one fsync only, and then takes the page for
 * clean: a second fsync that succeeds shows nothing about a name. So failures are counted by directory, and a name is durable
 * if it was changed after the last failure and synced without another one. Thread-safe.
 */
final class DurableNames {
    private final Syncing syncing;
    private final Map<Path, Integer> failures = new ConcurrentHashMap<>();
    private final Set<Path> created = ConcurrentHashMap.newKeySet();

    DurableNames(Syncing syncing) {
        this.syncing = syncing;
    }

    /** How often a sync of this directory has failed; asked before a name in it is changed. */
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

    /** Creates the directory with those above it, down from an existing one. Nothing is left if a sync fails. */
    void create(Path directory) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path at = directory; at != null && !Files.isDirectory(at); at = at.getParent()) {
            missing.push(at);
        }
        Files.createDirectories(directory);
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

    /** Lets the next attempt make the names anew. A directory with something in it stays. */
    private static void remove(Deque<Path> directories, IOException cause) {
        try {
            while (!directories.isEmpty()) {
                Files.deleteIfExists(directories.removeLast());
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** Creates a directory below the root, or syncs the name of one that an earlier process may have left without. */
    void createBelow(Path root, Path directory) throws IOException {
        if (created.contains(directory) && Files.isDirectory(directory)) {
            return;
        }
        // One after the other: what a failed attempt created is removed before another thread puts something into it.
        synchronized (created) {
            create(directory);
            for (Path at = directory; !at.equals(root); at = at.getParent()) {
                if (!created.contains(at)) {
                    syncName(at);
                    created.add(at);
                }
            }
        }
    }

    private void syncName(Path directory) throws IOException {
        Path parent = directory.getParent();
        int failuresBefore = failures(parent);
        if (failuresBefore > 0) {
            // Without a change the sync has nothing to write.
            Files.delete(Files.createTempDirectory(parent, "~"));
        }
        sync(parent, failuresBefore);
    }
}
