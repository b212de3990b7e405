// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.files.DirectoryEntries;
import io.zerofs.storage.object.ObjectName;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory as an object store: one file per object, at the object's name below the root.
 *
 * <p>A PUT writes and syncs a file of its own below {@code ~staging}, which no object name can reach. Then it gives the
 * file the object's name. A hard link creates the name and fails if it exists; a rename under {@link DirectoryLock}
 * replaces the object. Both are atomic against other processes. The PUT syncs the directory before it returns, even if it
 * was refused: the caller may find its own earlier attempt there and treats it as durable.
 *
 * <p>A version is size, modification time and inode. A replacement gets a later modification time than the old object,
 * whatever the clock says, so that no version appears twice.
 */
public final class LocalObjectStore implements ObjectStore {
    private static final Logger log = LoggerFactory.getLogger(LocalObjectStore.class);

    static final String STAGING = "~staging";

    /** Maximum time of a PUT. Older files in the staging directory are left from a crash. */
    static final Duration STAGING_AGE_MAX = Duration.ofMinutes(10);

    /** Largest step of timestamps: FAT has the coarsest ones in use. */
    private static final Duration TIMESTAMP_STEP_MAX = Duration.ofSeconds(2);

    /** Bytes of one read or write. Java copies them through a direct buffer of the same length, which the thread keeps. */
    private static final int STEP_BYTES = 128 * 1024;

    /** Maximum number of files that stay open between reads. */
    public static final int OPEN_FILES_MAX = 32;

    private final Path root;
    private final Path staging;
    private final InstantSource clock;
    private final DirectoryLock lock;
    private final Syncing syncing;
    private final DurableNames names;
    private final OpenObjects opened = new OpenObjects(OPEN_FILES_MAX);

    private LocalObjectStore(Path root, InstantSource clock, Syncing syncing, DurableNames names) {
        this.root = root;
        this.staging = root.resolve(STAGING);
        this.clock = clock;
        this.lock = new DirectoryLock(root);
        this.syncing = syncing;
        this.names = names;
    }

    /** Opens the store in this directory, creates the directory if it is missing, and removes files left by a crash. */
    public static LocalObjectStore open(Path root, InstantSource clock) throws ObjectStoreException {
        return open(root, clock, new Syncing() {});
    }

    /** Opens the store in an existing directory for reads alone, and writes nothing. */
    public static LocalObjectStore openToRead(Path root, InstantSource clock) throws ObjectStoreException {
        Syncing syncing = new Syncing() {};
        try {
            return new LocalObjectStore(root.toRealPath(), clock, syncing, new DurableNames(syncing));
        } catch (IOException e) {
            throw LocalErrors.translate("cannot open the store", root, e);
        }
    }

    static LocalObjectStore open(Path root, InstantSource clock, Syncing syncing) throws ObjectStoreException {
        LocalObjectStore store;
        try {
            DurableNames names = new DurableNames(syncing);
            names.createRoot(root.toAbsolutePath());
            store = new LocalObjectStore(root.toRealPath(), clock, syncing, names);
            Files.createDirectories(store.staging);
            store.removeLeftovers();
        } catch (IOException e) {
            throw LocalErrors.translate("cannot open the store", root, e);
        }
        return store;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        Path target = pathOf(name);
        Path staged = newStagedFile();
        try {
            writeSynced(staged, bytes);
            names.createBelow(root, target.getParent());
            return publish(staged, target, condition);
        } catch (IOException e) {
            throw LocalErrors.translate("cannot store " + name, target, e);
        } finally {
            removeQuietly(staged);
        }
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return read(name, (path, attributes) -> {
            if (attributes.size() > bytesMax) {
                throw new ObjectStoreException(
                        Kind.TOO_LARGE,
                        path + " has " + attributes.size() + " bytes, at most " + bytesMax + " are accepted",
                        null);
            }
            return read(path, (int) attributes.size());
        });
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        Path path = pathOf(name);
        try {
            while (true) {
                try (OpenObjects.File file = opened.use(path)) {
                    StoredObject range = readRange(path, file, offset, length);
                    if (range != null) {
                        return range;
                    }
                }
            }
        } catch (IOException e) {
            throw readFailure(name, path, e);
        }
    }

    /** Returns null if the file is not the object any more, or another thread's interruption closed it. */
    private StoredObject readRange(Path path, OpenObjects.File file, long offset, int length)
            throws IOException, ObjectStoreException {
        boolean done = false;
        try {
            boolean ends = offset > file.size() - length;
            ByteBuffer bytes = ends ? null : read(file.channel(), offset, length);
            if (!file.isCurrent()) {
                return null;
            }
            if (ends) {
                throw new ObjectStoreException(
                        Kind.TRUNCATED,
                        path + " has " + file.size() + " bytes, " + length + " at " + offset + " were asked for",
                        null);
            }
            done = true;
            return new StoredObject(bytes, file.version());
        } catch (EOFException e) {
            if (file.isCurrent()) {
                throw e;
            }
            return null;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (ClosedChannelException e) {
            return null;
        } finally {
            if (!done) {
                // The next read opens the file again, for example if the store is on a server that has started anew.
                opened.forget(file);
            }
        }
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        try {
            return new DirectoryListing(root, ObjectName.requirePrefix(prefix), after, max).read();
        } catch (IOException e) {
            throw LocalErrors.translate("cannot list " + prefix, root, e);
        }
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        Map<String, ObjectStoreException> failed = new LinkedHashMap<>();
        try {
            // Under the lock, so that a concurrent replacement does not bring the object back.
            lock.whileHeld(() -> {
                for (String name : names) {
                    Path path = pathOf(name);
                    try {
                        Files.deleteIfExists(path);
                        opened.forget(path);
                    } catch (IOException e) {
                        failed.put(name, LocalErrors.translate("cannot delete " + name, path, e));
                    }
                }
                return null;
            });
        } catch (IOException e) {
            throw LocalErrors.translate("cannot delete", root, e);
        }
        return failed;
    }

    @Override
    public String describe() {
        return "file://" + root;
    }

    @Override
    public void close() {
        opened.close();
    }

    private Path pathOf(String name) {
        return root.resolve(ObjectName.require(name));
    }

    private Path newStagedFile() {
        RandomGenerator random = Machine.current().random();
        return staging.resolve(new UUID(random.nextLong(), random.nextLong()).toString());
    }

    private void writeSynced(Path file, List<ByteBuffer> bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (ByteBuffer piece : bytes) {
                for (int at = piece.position(); at < piece.limit(); ) {
                    at += channel.write(piece.slice(at, Math.min(STEP_BYTES, piece.limit() - at)));
                }
            }
            Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
            syncing.file(file, channel);
        }
    }

    /** Gives the object its name. After a failure here the name may or may not exist after a crash. */
    private PutOutcome publish(Path staged, Path target, PutCondition condition) throws ObjectStoreException {
        Path directory = target.getParent();
        int failures = names.failures(directory);
        boolean named = false;
        try {
            PutOutcome outcome = condition instanceof IfVersion expected
                    ? replace(staged, target, expected.version())
                    : create(staged, target);
            named = true;
            if (outcome == PutOutcome.REFUSED && failures > 0) {
                rewrite(target);
            }
            names.sync(directory, failures);
            return outcome;
        } catch (IOException e) {
            ObjectStoreException known = LocalErrors.translate("cannot store", target, e);
            throw named || known.kind() == Kind.UNAVAILABLE
                    ? new ObjectStoreException(Kind.UNKNOWN_OUTCOME, known.getMessage(), e)
                    : known;
        }
    }

    private PutOutcome create(Path staged, Path target) throws IOException {
        try {
            Files.createLink(target, staged);
            return PutOutcome.STORED;
        } catch (FileAlreadyExistsException e) {
            return PutOutcome.REFUSED;
        } catch (FileSystemException e) {
            if (!LocalErrors.meansNoHardLinks(e)) {
                throw e;
            }
        }
        return lock.whileHeld(() -> {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                return PutOutcome.REFUSED;
            }
            Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
            return PutOutcome.STORED;
        });
    }

    private PutOutcome replace(Path staged, Path target, String expected) throws IOException {
        return lock.whileHeld(() -> {
            BasicFileAttributes current;
            try {
                current = Files.readAttributes(target, BasicFileAttributes.class);
            } catch (NoSuchFileException e) {
                return PutOutcome.REFUSED;
            }
            if (!versionOf(current).equals(expected)) {
                return PutOutcome.REFUSED;
            }
            makeNewer(staged, current.lastModifiedTime().toInstant());
            Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
            opened.forget(target);
            return PutOutcome.STORED;
        });
    }

    private static void makeNewer(Path staged, Instant than) throws IOException {
        for (Duration step : List.of(Duration.ZERO, Duration.ofNanos(1), Duration.ofNanos(1_000), TIMESTAMP_STEP_MAX)) {
            if (!step.isZero()) {
                Files.setLastModifiedTime(staged, FileTime.from(than.plus(step)));
            }
            if (Files.getLastModifiedTime(staged).toInstant().isAfter(than)) {
                return;
            }
        }
        throw new IOException("the file system does not keep modification times");
    }

    /**
     * Writes an object anew. It may be left from an attempt whose sync failed, and a caller that finds it treats it as
     * durable.
     */
    private void rewrite(Path target) throws IOException {
        Path staged = newStagedFile();
        try {
            lock.whileHeld(() -> {
                BasicFileAttributes current = Files.readAttributes(target, BasicFileAttributes.class);
                writeSynced(staged, List.of(read(target, Math.toIntExact(current.size()))));
                makeNewer(staged, current.lastModifiedTime().toInstant());
                return Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
            });
        } catch (NoSuchFileException e) {
            log.debug("{} was deleted before it was written anew", target);
        } finally {
            removeQuietly(staged);
        }
    }

    private interface BytesReader {
        ByteBuffer read(Path path, BasicFileAttributes attributes) throws IOException, ObjectStoreException;
    }

    /**
     * Reads the attributes before and after the bytes. If both have the same version, the bytes belong to it, because a
     * replaced version never comes back.
     */
    private StoredObject read(String name, BytesReader reader) throws ObjectStoreException {
        Path path = pathOf(name);
        try {
            while (true) {
                BasicFileAttributes before = Files.readAttributes(path, BasicFileAttributes.class);
                if (!before.isRegularFile()) {
                    throw new NoSuchFileException(path.toString());
                }
                ByteBuffer bytes;
                try {
                    bytes = reader.read(path, before);
                } catch (EOFException e) {
                    if (versionOf(Files.readAttributes(path, BasicFileAttributes.class))
                            .equals(versionOf(before))) {
                        throw e;
                    }
                    continue;
                }
                BasicFileAttributes after = Files.readAttributes(path, BasicFileAttributes.class);
                if (versionOf(before).equals(versionOf(after))) {
                    return new StoredObject(bytes, versionOf(after));
                }
            }
        } catch (IOException e) {
            throw readFailure(name, path, e);
        }
    }

    private ObjectStoreException readFailure(String name, Path path, IOException e) {
        return LocalErrors.meansAbsent(e) && Files.isDirectory(root)
                ? new ObjectStoreException(Kind.NOT_FOUND, path + " does not exist", null)
                : LocalErrors.translate("cannot read " + name, path, e);
    }

    private static ByteBuffer read(Path path, int length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return read(channel, 0, length);
        }
    }

    private static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            ByteBuffer step = bytes.slice(bytes.position(), Math.min(STEP_BYTES, bytes.remaining()));
            int count = channel.read(step, offset + bytes.position());
            if (count < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
            bytes.position(bytes.position() + count);
        }
        return bytes.flip();
    }

    static String versionOf(BasicFileAttributes attributes) {
        Instant modified = attributes.lastModifiedTime().toInstant();
        return attributes.size() + "-" + modified.getEpochSecond() + "." + modified.getNano() + "-"
                + attributes.fileKey();
    }

    private static void removeQuietly(Path staged) {
        try {
            Files.deleteIfExists(staged);
        } catch (IOException e) {
            log.debug("left {} to the next opening: {}", staged, e.toString());
        }
    }

    private void removeLeftovers() throws IOException {
        Instant limit = clock.instant().minus(STAGING_AGE_MAX);
        for (Path file : DirectoryEntries.sorted(staging)) {
            try {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(file);
                }
            } catch (NoSuchFileException e) {
                // another process has removed it
            }
        }
    }
}
