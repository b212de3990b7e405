// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.storage.files.DirectoryEntries;
import io.zerofs.storage.index.PrivateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A volume's directory in the local cache directory, locked against other daemons. Nothing in it is trusted, and an operator
 * may delete it while no daemon runs.
 *
 * <pre>
 *   lock                  held while a daemon has the volume
 *   last-commit           see LastSeenCommit
 *   place                 see KnownPlaces
 *   db-EPOCH/             the database of that term; one at a time but for a moment at open
 *   checkpoint-NUMBER/    while a checkpoint is made
 * </pre>
 *
 * RocksDB's files are not encrypted, so only the owner may read the directory.
 */
public final class LocalDirectory implements AutoCloseable {
    private static final String DATABASE = "db-";
    private static final String CHECKPOINT = "checkpoint-";
    private static final Logger LOG = LoggerFactory.getLogger(LocalDirectory.class);

    private final Path directory;
    private final FileChannel lockFile;

    private LocalDirectory(Path directory, FileChannel lockFile) {
        this.directory = directory;
        this.lockFile = lockFile;
    }

    /** Returns the path of a volume's directory. */
    public static Path of(Path cacheDirectory, UUID volume) {
        return cacheDirectory.resolve(volume.toString());
    }

    /** Makes the directory if it is missing, and locks it. Returns empty if another daemon has the lock. */
    public static Optional<LocalDirectory> lock(Path cacheDirectory, UUID volume) throws IOException {
        PrivateDirectory.makeParent(cacheDirectory);
        Path directory = of(cacheDirectory, volume);
        PrivateDirectory.make(directory);
        FileChannel lockFile =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = lockFile.tryLock();
            if (lock != null) {
                return Optional.of(new LocalDirectory(directory, lockFile));
            }
        } catch (OverlappingFileLockException e) {
            // This process itself has the lock: an owner like any other.
        } catch (IOException e) {
            lockFile.close();
            throw e;
        }
        lockFile.close();
        return Optional.empty();
    }

    public Path path() {
        return directory;
    }

    public LastSeenCommit lastCommit() {
        return new LastSeenCommit(directory.resolve("last-commit"));
    }

    /** Makes an empty directory for the database of an epoch, and deletes a crashed one's remains. */
    public Path newDatabase(long epoch) throws IOException {
        return renew(DATABASE + String.format(Locale.ROOT, "%016x", epoch));
    }

    /** Returns the path of a new checkpoint, which does not exist; its parent does. */
    Path newCheckpoint(long number) throws IOException {
        Path checkpoint = directory.resolve(CHECKPOINT + number);
        delete(checkpoint);
        return checkpoint;
    }

    /** Returns databases and checkpoints of earlier epochs, newest first. They may hold tables that the manifest names. */
    public List<Path> leftovers(Path current) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path entry : DirectoryEntries.sorted(directory)) {
            String name = entry.getFileName().toString();
            if (!entry.equals(current) && (name.startsWith(DATABASE) || name.startsWith(CHECKPOINT))) {
                found.add(0, entry);
            }
        }
        return found;
    }

    /** Deletes the checkpoints but one, and those that an earlier failure left. */
    void deleteCheckpointsBut(Path kept) {
        try {
            deleteLeftovers(leftovers(kept).stream()
                    .filter(entry -> entry.getFileName().toString().startsWith(CHECKPOINT))
                    .toList());
        } catch (IOException e) {
            LOG.warn("cannot list old checkpoints in {}: {}", directory, e.toString());
        }
    }

    /** Deletes what it can. The rest stays to the next time, because all that it costs is room. */
    public void deleteLeftovers(List<Path> leftovers) {
        for (Path leftover : leftovers) {
            try {
                delete(leftover);
            } catch (IOException e) {
                LOG.warn("cannot delete {}, which is no longer needed: {}", leftover, e.toString());
            }
        }
    }

    public static void delete(Path tree) throws IOException {
        try (Stream<Path> entries = Files.walk(tree)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (NoSuchFileException e) {
            // Nothing to delete.
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Releases the lock. The lock file stays: deleting it would let two daemons lock two files of one name. */
    @Override
    public void close() throws IOException {
        lockFile.close();
    }

    private Path renew(String name) throws IOException {
        Path path = directory.resolve(name);
        delete(path);
        PrivateDirectory.make(path);
        return path;
    }
}
