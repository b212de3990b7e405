// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.files.DirectoryEntries;
import io.zerofs.storage.index.PrivateDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A private directory below the cache directory, for one reader or repair of a volume. It has a lock file of its own, so it never
 * disturbs a daemon. Making one deletes the directories of readers that were killed.
 */
public final class ScratchDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ScratchDirectory.class);
    private static final String PREFIX = "reader-";
    private static final String LOCK = "lock";

    /** Directories of this process. Opening a lock file that the process itself has locked would release the lock. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel lock;

    private ScratchDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    public static ScratchDirectory make(Path cacheDirectory) throws IOException {
        PrivateDirectory.makeParent(cacheDirectory);
        deleteAbandoned(cacheDirectory);
        Path path = Files.createTempDirectory(cacheDirectory, PREFIX);
        OWN.add(path);
        FileChannel lock =
                FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lock.lock();
        return new ScratchDirectory(path, lock);
    }

    private static void deleteAbandoned(Path cacheDirectory) throws IOException {
        for (Path entry : DirectoryEntries.sorted(cacheDirectory)) {
            if (entry.getFileName().toString().startsWith(PREFIX) && !OWN.contains(entry)) {
                deleteIfAbandoned(entry);
            }
        }
    }

    private static void deleteIfAbandoned(Path entry) {
        try (FileChannel lock = FileChannel.open(entry.resolve(LOCK), StandardOpenOption.WRITE)) {
            if (lock.tryLock() != null) {
                LocalDirectory.delete(entry);
            }
        } catch (NoSuchFileException e) {
            // Another reader is making or deleting its directory.
        } catch (IOException e) {
            LOG.warn("cannot delete {}, which a reader of a volume left: {}", entry, e.toString());
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        LocalDirectory.delete(path);
        lock.close();
        OWN.remove(path);
    }
}
