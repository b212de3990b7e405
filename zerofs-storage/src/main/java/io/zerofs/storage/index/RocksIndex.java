// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.StampedLock;
import org.rocksdb.Checkpoint;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Snapshot;
import org.rocksdb.SstFileReader;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One RocksDB database without its own log, because the commits have all changes that a crash removes from it. Thread-safe.
 * Closing waits for running calls and closes open cursors.
 *
 * <p>Failures are {@link VolumeException}s: CORRUPT when local files are damaged or missing, UNAVAILABLE when they cannot be
 * read for now, NO_SPACE when a write was refused as a whole, DISK when another file cannot be made or read for now, DISK or
 * CLOSED when a write may be half applied, CLOSED when the index is closed.
 */
public final class RocksIndex implements AutoCloseable {
    // When only this many buffers are left, RocksDB begins to delay writes, and refuses writes that must not sleep.
    private static final int BUFFERS_THAT_DELAY = 2;

    private static final byte[] NOTHING = new RecordBatch().toBytes();

    // A lock of the JVM, because its holders only call RocksDB.
    private final StampedLock lifetime = new StampedLock();
    private final NativeResources handles;
    private final RocksDB database;
    private final ReadOptions reads;
    private final ReadOptions memoryReads;
    private final WriteOptions writes;
    private final Writer writer;
    private final RocksTuning tuning;
    private final Set<IndexCursor> cursors = ConcurrentHashMap.newKeySet();
    /** The state that this index shows; null for the present one. */
    private final Snapshot snapshot;

    private boolean closed;

    /** Puts a batch into the database, without waiting for other threads. */
    @FunctionalInterface
    public interface Writer {
        void write(RocksDB database, WriteOptions options, WriteBatch batch) throws RocksDBException;
    }

    private RocksIndex(NativeResources handles, RocksDB database, RocksTuning tuning, Snapshot snapshot) {
        this.handles = handles;
        this.database = database;
        this.tuning = tuning;
        this.writer = tuning.writer();
        this.snapshot = snapshot;
        this.reads = handles.own(newReads());
        this.memoryReads = handles.own(memoryOnly(newReads()));
        // Inside the gate a write may be refused but must never sleep.
        this.writes = handles.own(new WriteOptions().setDisableWAL(true).setNoSlowdown(true));
    }

    /**
     * Opens a database or makes a new one.
     *
     * @param directory the directory of the database, without other files
     * @param nativeDirectory the place of the native library, which is unpacked there if this process has not loaded it
     */
    public static RocksIndex open(Path directory, Path nativeDirectory, RocksTuning tuning) throws VolumeException {
        NativeResources handles = new NativeResources();
        try {
            loadLibrary(nativeDirectory);
            Options options = tuning.options(handles);
            return new RocksIndex(handles, handles.own(RocksDB.open(options, directory.toString())), tuning, null);
        } catch (IOException e) {
            handles.close();
            throw new VolumeException(
                    VolumeException.Kind.NO_SPACE,
                    "cannot have RocksDB's library in " + nativeDirectory + ": " + e.getMessage(),
                    e);
        } catch (RocksDBException e) {
            handles.close();
            throw new VolumeException(
                    kindOf(e), "cannot open the local index in " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Loads the native library, which takes time at the first call only. */
    public static void loadLibrary(Path nativeDirectory) throws IOException {
        NativeLibrary.loadOnce(nativeDirectory);
    }

    /**
     * Returns an index that always shows the present state, and refuses writes. It shares the files of this one: close it
     * first, soon, because until then RocksDB keeps every record that it shows.
     */
    public RocksIndex snapshot() throws VolumeException {
        long stamp = use();
        try {
            Writer refusing = (unused, options, batch) -> {
                throw new IllegalStateException("a write to a snapshot of the index");
            };
            return new RocksIndex(new NativeResources(), database, tuning.withWriter(refusing), database.getSnapshot());
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /** Returns options for reads of the state that this index shows. The caller closes them. */
    ReadOptions newReads() {
        ReadOptions options = new ReadOptions();
        return snapshot == null ? options : options.setSnapshot(snapshot);
    }

    /**
     * Returns the value of a key, or null.
     *
     * @throws io.zerofs.core.waiting.WouldBlockException on a thread that never waits, if the read needs the disk
     */
    public byte[] get(byte[] key) throws VolumeException {
        return get(readsOf(Thread.currentThread()), key);
    }

    /** Returns the value of a key, or null. Reads the disk even on a thread that never waits. */
    public byte[] getNow(byte[] key) throws VolumeException {
        return get(reads, key);
    }

    private byte[] get(ReadOptions options, byte[] key) throws VolumeException {
        long stamp = use();
        try {
            return database.get(options, key);
        } catch (RocksDBException e) {
            throw readFailure(e);
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    private ReadOptions readsOf(Thread thread) {
        return thread instanceof NonBlockingThread ? memoryReads : reads;
    }

    /** Returns options that make a read fail with Incomplete if it needs the disk. */
    static ReadOptions memoryOnly(ReadOptions options) {
        return options.setReadTier(ReadTier.BLOCK_CACHE_TIER);
    }

    /** Returns a cursor over the present state. Each step can throw like {@link #get}. */
    public Cursor scan(KeyRange range, boolean descending) throws VolumeException {
        long stamp = use();
        try {
            IndexCursor cursor = new IndexCursor(this, database, range, descending);
            cursors.add(cursor);
            return cursor;
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /**
     * Makes a batch visible, atomically.
     *
     * @param batch from {@link RecordBatch}
     */
    public void write(byte[] batch) throws VolumeException {
        long stamp = use();
        try (WriteBatch records = new WriteBatch(batch)) {
            writer.write(database, writes, records);
        } catch (RocksDBException e) {
            throw writeFailure(e);
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /** Returns the number of memtables that writers can fill before RocksDB refuses writes. */
    public int writeBuffersFree() throws VolumeException {
        long waiting = property("rocksdb.num-immutable-mem-table");
        return (int) Math.max(0, tuning.writeBuffersMax() - BUFFERS_THAT_DELAY - waiting);
    }

    /** Returns whether RocksDB would probably accept a write now. */
    public boolean takesWrites() throws VolumeException {
        return refusal() == null;
    }

    /** Returns whether RocksDB refuses writes because the disk is full, and not because it is slow. */
    public boolean lacksSpace() throws VolumeException {
        VolumeException refusal = refusal();
        return refusal != null && refusal.getCause() instanceof RocksDBException cause && isNoSpace(cause);
    }

    private VolumeException refusal() throws VolumeException {
        try {
            write(NOTHING);
            return null;
        } catch (VolumeException e) {
            if (e.kind() == VolumeException.Kind.NO_SPACE) {
                return e;
            }
            throw e;
        }
    }

    /**
     * Makes a copy of the database with hard links. It has all writes before the call and any part of concurrent writes.
     * Takes as long as flushing the memtables. Does not block writers.
     *
     * @param target must not exist; its parent must exist on the same file system
     */
    public void checkpoint(Path target) throws VolumeException {
        long stamp = use();
        try (Checkpoint checkpoint = Checkpoint.create(database)) {
            checkpoint.createCheckpoint(target.toString());
        } catch (RocksDBException e) {
            throw new VolumeException(kindOf(e), "cannot make a checkpoint of the local index: " + e.getMessage(), e);
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /** Writes the memtables to tables. Returns when they are written. */
    public void flush() throws VolumeException {
        long stamp = use();
        try (FlushOptions wait = new FlushOptions().setWaitForFlush(true)) {
            database.flush(wait);
        } catch (RocksDBException e) {
            throw writeFailure(e);
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /** Compacts all tables. Returns when they are compacted. */
    public void compact() throws VolumeException {
        long stamp = use();
        try {
            database.compactRange();
        } catch (RocksDBException e) {
            throw writeFailure(e);
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /** Reads a table file and checks all of its block checksums. The native library must be loaded. */
    public static void verifyTable(Path file) throws VolumeException {
        try (Options options = new Options();
                SstFileReader reader = new SstFileReader(options)) {
            reader.open(file.toString());
            reader.verifyChecksum();
        } catch (RocksDBException e) {
            VolumeException.Kind kind = kindOf(e);
            String what = kind == VolumeException.Kind.CORRUPT ? " is damaged" : " cannot be read: " + e.getMessage();
            throw new VolumeException(kind, "table file " + file.getFileName() + what, e);
        }
    }

    /** Returns the bytes of the present tables. */
    public long tableBytes() throws VolumeException {
        return property("rocksdb.live-sst-files-size");
    }

    /** Returns a numeric property of RocksDB, such as {@code rocksdb.estimate-num-keys}. */
    public long property(String name) throws VolumeException {
        long stamp = use();
        try {
            return database.getLongProperty(name);
        } catch (RocksDBException e) {
            throw readFailure(e);
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    /** Returns the number of cursors that nobody has closed. */
    public int openCursors() {
        return cursors.size();
    }

    @Override
    public void close() {
        long stamp = lifetime.writeLock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            List.copyOf(cursors).forEach(IndexCursor::close);
            handles.close();
            if (snapshot != null) {
                database.releaseSnapshot(snapshot);
            }
        } finally {
            lifetime.unlockWrite(stamp);
        }
    }

    void forget(IndexCursor cursor) {
        cursors.remove(cursor);
    }

    static VolumeException closedException() {
        return new VolumeException(VolumeException.Kind.CLOSED, "the local index is closed");
    }

    static VolumeException readFailure(RocksDBException cause) {
        if (isCode(cause, Status.Code.Incomplete)) {
            NonBlockingThread.check();
        }
        if (isPassing(cause)) {
            return new VolumeException(
                    VolumeException.Kind.UNAVAILABLE,
                    "the local index cannot be read for now: " + cause.getMessage(),
                    cause);
        }
        return new VolumeException(
                VolumeException.Kind.CORRUPT,
                "the local index cannot be read (delete the cache directory to build it anew): " + cause.getMessage(),
                cause);
    }

    private long use() throws VolumeException {
        long stamp = lifetime.readLock();
        if (closed) {
            lifetime.unlockRead(stamp);
            throw closedException();
        }
        return stamp;
    }

    private static VolumeException writeFailure(RocksDBException cause) {
        // RocksDB reports both before the first record reaches the memtable. Any other failure may come in between.
        boolean refused = isNoSpace(cause) || isCode(cause, Status.Code.Incomplete);
        VolumeException.Kind doubtful =
                isCode(cause, Status.Code.IOError) ? VolumeException.Kind.DISK : VolumeException.Kind.CLOSED;
        return new VolumeException(
                refused ? VolumeException.Kind.NO_SPACE : doubtful,
                (refused ? "the local index takes no writes for now: " : "a write to the local index failed: ")
                        + cause.getMessage(),
                cause);
    }

    private static VolumeException.Kind kindOf(RocksDBException e) {
        if (isNoSpace(e)) {
            return VolumeException.Kind.NO_SPACE;
        }
        return isPassing(e) ? VolumeException.Kind.DISK : VolumeException.Kind.CORRUPT;
    }

    /**
     * Returns whether a failure does not prove damage. Too many open files, a quota or a failing device prove none. A missing
     * file does; its subcode has no name here.
     */
    private static boolean isPassing(RocksDBException e) {
        return isCode(e, Status.Code.IOError) && e.getStatus().getSubCode() == Status.SubCode.None;
    }

    private static boolean isNoSpace(RocksDBException e) {
        return isCode(e, Status.Code.IOError) && e.getStatus().getSubCode() == Status.SubCode.NoSpace;
    }

    private static boolean isCode(RocksDBException e, Status.Code code) {
        return e.getStatus() != null && e.getStatus().getCode() == code;
    }
}
