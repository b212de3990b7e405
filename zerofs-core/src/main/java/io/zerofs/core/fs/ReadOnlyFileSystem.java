// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DirectoryVisitor;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.HeldCreation;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.Removal;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Renaming;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file system that nothing changes here: it shows one state of a volume after another, each of them fixed. An operation
 * sees one state from its begin to its end. Owns the volumes: closes each one when the last operation on it has ended.
 * Thread-safe.
 *
 * <p>A hold keeps nothing, because the writer of the volume is another process: a file that it removes becomes STALE here.
 */
public final class ReadOnlyFileSystem implements VirtualFileSystem, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadOnlyFileSystem.class);
    private static final int SECRET_BYTES = 32;

    private final FileSystemSettings settings;
    private final Source source;
    private final UUID volumeId;
    private final InodeId root;
    private final byte[] ownSecret = new byte[SECRET_BYTES];
    private volatile State shown;

    /** The source of states. */
    public interface Source {
        /** A source that has no other state than the first. */
        Source FIXED = () -> {};

        /** Asks for a newer state, because objects of the shown one are gone. Waits until it is there, or a bounded time. */
        void awaitNewer();
    }

    /**
     * @param first owned from now on, if this does not throw. Closing it must not wait
     * @throws VolumeException CORRUPT if the volume has no file system that this program knows
     */
    public ReadOnlyFileSystem(Volume first, FileSystemSettings settings, Source source) throws VolumeException {
        this.settings = settings;
        this.source = source;
        this.shown = new State(first, ZeroFileSystem.openToRead(first, settings));
        this.volumeId = first.id();
        this.root = shown.files.root();
        Machine.current().random().nextBytes(ownSecret);
    }

    /**
     * Shows another state to operations that begin from now on. Called by one thread at a time.
     *
     * @param next as in the constructor
     */
    public void show(Volume next) throws VolumeException {
        State before = shown;
        shown = new State(next, ZeroFileSystem.openToRead(next, settings));
        before.unpin();
    }

    /** Closes the last state. Operations must have ended. */
    @Override
    public void close() {
        shown.unpin();
    }

    /** One state with the number of its users: the operations on it, and the file system that shows it. */
    private static final class State {
        private final Volume volume;
        private final ZeroFileSystem files;
        private final AtomicInteger users = new AtomicInteger(1);

        State(Volume volume, ZeroFileSystem files) {
            this.volume = volume;
            this.files = files;
        }

        boolean pin() {
            int now = users.get();
            while (now > 0 && !users.compareAndSet(now, now + 1)) {
                now = users.get();
            }
            return now > 0;
        }

        void unpin() {
            if (users.decrementAndGet() == 0) {
                try {
                    volume.close();
                } catch (VolumeException e) {
                    LOG.warn("closing a state of the volume failed: {}", e.getMessage());
                }
            }
        }
    }

    /** Returns the shown state, which stays open until the caller unpins it. */
    private State pin() throws FsException {
        State state = shown;
        while (!state.pin()) {
            State next = shown;
            if (next == state) {
                throw FsError.IO.exception("the file system is closed", null);
            }
            state = next;
        }
        return state;
    }

    /** One operation. */
    private interface Operation<T> {
        T on(ZeroFileSystem files) throws FsException;
    }

    private <T> T inOneState(Operation<T> operation) throws FsException {
        State state = pin();
        try {
            return operation.on(state.files);
        } finally {
            state.unpin();
        }
    }

    private static FsException refused() {
        return FsError.READ_ONLY.exception();
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    public UUID volumeId() {
        return volumeId;
    }

    @Override
    public long incarnation() {
        return shown.volume.epoch();
    }

    @Override
    public InodeId root() {
        return root;
    }

    /** Returns the volume's secret. If the volume has none, handles that were made with this one end with this object. */
    @Override
    public byte[] secret() throws FsException {
        State state = pin();
        try {
            byte[] record = state.volume.get(Keys.secret());
            return record == null ? ownSecret.clone() : SmallRecords.secret(record);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw FsError.IO.exception("the volume's secret: " + e.getMessage(), e);
        } finally {
            state.unpin();
        }
    }

    @Override
    public Attributes getAttributes(InodeId inode) throws FsException {
        return inOneState(files -> files.getAttributes(inode));
    }

    @Override
    public Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException {
        return inOneState(files -> files.lookup(who, directory, name));
    }

    @Override
    public int access(Credentials who, InodeId inode, int mask) throws FsException {
        return inOneState(files -> files.access(who, inode, mask & ~AccessMask.WRITE));
    }

    @Override
    public byte[] readLink(InodeId inode) throws FsException {
        return inOneState(files -> files.readLink(inode));
    }

    @Override
    public ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        int begin = destination.position();
        State state = pin();
        FsException lost;
        try {
            return state.files.read(who, inode, access, offset, destination);
        } catch (FsException e) {
            if (!(e.getCause() instanceof VolumeException of) || of.kind() != VolumeException.Kind.CORRUPT) {
                throw e;
            }
            lost = e;
        } finally {
            state.unpin();
        }
        // The writer's garbage collection deletes data that no newer state has.
        if (shown == state) {
            NonBlockingThread.check();
            source.awaitNewer();
        }
        if (shown == state) {
            throw lost;
        }
        destination.position(begin);
        return inOneState(files -> files.read(who, inode, access, offset, destination));
    }

    @Override
    public Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException {
        return inOneState(files -> files.extentAt(inode, offset, lengthMax));
    }

    @Override
    public long listingEnd(InodeId directory) throws FsException {
        return inOneState(files -> files.listingEnd(directory));
    }

    @Override
    public boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        return inOneState(files -> files.list(who, directory, range, withAttributes, visitor));
    }

    @Override
    public byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        return inOneState(files -> files.getXattr(who, inode, name));
    }

    @Override
    public List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException {
        return inOneState(files -> files.listXattrs(who, inode));
    }

    @Override
    public FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException {
        inOneState(files -> files.hold(inode, kind)).close();
        return new Hold(inode);
    }

    private record Hold(InodeId inode) implements FileHold {
        @Override
        public void close() {}
    }

    /** Completes at once, because everything here is durable. */
    @Override
    public CompletableFuture<Void> barrier() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public FsStatistics statistics() {
        return shown.files.statistics();
    }

    @Override
    public AttributeTransition setAttributes(
            Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess) throws FsException {
        throw refused();
    }

    @Override
    public AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        throw refused();
    }

    @Override
    public void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length)
            throws FsException {
        throw refused();
    }

    @Override
    public Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        throw refused();
    }

    @Override
    public HeldCreation createHeld(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        throw refused();
    }

    @Override
    public Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException {
        throw refused();
    }

    @Override
    public Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException {
        throw refused();
    }

    @Override
    public Renaming rename(
            Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException {
        throw refused();
    }

    @Override
    public void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode)
            throws FsException {
        throw refused();
    }

    @Override
    public void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        throw refused();
    }
}
