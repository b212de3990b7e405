// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.MetadataBytes;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.format.Superblock;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DirectoryVisitor;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
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
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Lock;

/**
 * The file system on a volume. Owns one background thread, which removes the remains of operations; {@link #close} ends
 * the thread and leaves the volume to its owner.
 */
public final class ZeroFileSystem implements VirtualFileSystem, AutoCloseable {
    private static final int SECRET_BYTES = 32;

    private final OperationContext context;
    private final InodeId root;
    private final Reaper reaper;
    private final LookupOperations lookups;
    private final AttributeOperations attributes;
    private final CreateOperations creations;
    private final RemoveOperations removals;
    private final RenameOperations renames;
    private final DataOperations data;
    private final XattrOperations xattrs;
    private final Lock secretLock = Machine.current().newLock();
    private boolean secretIsNew;

    private ZeroFileSystem(OperationContext context, InodeId root, Reaper reaper) {
        this.context = context;
        this.root = root;
        this.reaper = reaper;
        lookups = new LookupOperations(context);
        attributes = new AttributeOperations(context, reaper);
        creations = new CreateOperations(context, lookups, attributes);
        removals = new RemoveOperations(context, reaper);
        renames = new RenameOperations(context, removals);
        data = new DataOperations(context);
        xattrs = new XattrOperations(context);
    }

    /**
     * Opens the file system of a volume that has no other user. If the volume is empty, this formats it with a root
     * directory from the settings, and waits for the store.
     *
     * @param clock source of the times of inodes
     * @throws VolumeException as the volume throws it; CORRUPT if the volume has no file system that this program knows
     */
    public static ZeroFileSystem open(Volume volume, FileSystemSettings settings, InstantSource clock)
            throws VolumeException {
        byte[] superblock = volume.get(Keys.superblock());
        InodeRecord newRoot = newRoot(volume, settings.root(), Timestamp.of(clock.instant()));
        Counters counters = superblock == null ? countersOf(newRoot) : readCounters(volume, superblock);
        SpaceAccount space = new SpaceAccount(settings, counters);
        volume.onCommitCut(space::contribute);
        if (superblock == null) {
            format(volume, newRoot);
        }
        BackgroundQueue background = new BackgroundQueue(settings.queuedRemovalsMax());
        OperationContext context = new OperationContext(
                volume,
                settings,
                clock,
                space,
                new InodeStore(volume, settings),
                new DirectoryStore(volume, settings),
                new FileChunks(volume, settings),
                new InodeLocks(),
                new Holds(background::add),
                background);
        Reaper reaper = new Reaper(context, space.isMetadataCounted() ? null : new MetadataCount(volume, space));
        ZeroFileSystem fileSystem = new ZeroFileSystem(context, rootOf(context), reaper);
        background.start(reaper);
        return fileSystem;
    }

    /** Opens the file system of a volume that refuses changes. It has no background work, and nothing to close. */
    static ZeroFileSystem openToRead(Volume volume, FileSystemSettings settings) throws VolumeException {
        byte[] superblock = volume.get(Keys.superblock());
        if (superblock == null) {
            throw new VolumeException(VolumeException.Kind.CORRUPT, "the volume has no file system");
        }
        OperationContext context = new OperationContext(
                volume,
                settings,
                Machine.current()::now,
                new SpaceAccount(settings, readCounters(volume, superblock)),
                new InodeStore(volume, settings),
                new DirectoryStore(volume, settings),
                new FileChunks(volume, settings),
                new InodeLocks(),
                new Holds(orphan -> {}),
                new BackgroundQueue(settings.queuedRemovalsMax()));
        return new ZeroFileSystem(context, rootOf(context), new Reaper(context, null));
    }

    /** Returns the counters of a volume with nothing but a root directory. */
    private static Counters countersOf(InodeRecord root) {
        return new Counters(InodeId.ROOT_NUMBER + 1, 0, 1, MetadataBytes.of(root));
    }

    private static Counters readCounters(Volume volume, byte[] superblock) throws VolumeException {
        try {
            Superblock.decode(superblock);
            byte[] counters = volume.get(Keys.counters());
            if (counters == null) {
                throw new VolumeException(VolumeException.Kind.CORRUPT, "the file system's counters are missing");
            }
            return Counters.decode(counters);
        } catch (RecordFormatException e) {
            throw new VolumeException(VolumeException.Kind.CORRUPT, "superblock or counters: " + e.getMessage(), e);
        }
    }

    private static InodeId rootOf(OperationContext context) throws VolumeException {
        try {
            return context.inodes().requireNamed(InodeId.ROOT_NUMBER).id();
        } catch (FsException e) {
            throw new VolumeException(VolumeException.Kind.CORRUPT, "root directory: " + e.getMessage(), e);
        }
    }

    /** Returns whether all claims to the quota are booked or returned, as they are while no operation runs. */
    boolean isSettled() {
        return context.space().isSettled();
    }

    private static InodeRecord newRoot(Volume volume, FileSystemSettings.Root root, Timestamp now) {
        return new InodeRecord(
                new InodeId(InodeId.ROOT_NUMBER, volume.epoch()),
                FileKind.DIRECTORY,
                root.mode(),
                2,
                root.uid(),
                root.gid(),
                0,
                InodeRecord.Times.all(now),
                DirectoryStore.emptyBelow(InodeId.ROOT_NUMBER));
    }

    private static void format(Volume volume, InodeRecord root) throws VolumeException {
        Batch batch = volume.newBatch();
        batch.put(Keys.superblock(), new Superblock(root.times().created()).encode());
        batch.put(Keys.counters(), countersOf(root).encode());
        batch.put(Keys.inode(InodeId.ROOT_NUMBER), InodeCodec.encode(root));
        try (var room = volume.reserve(null, OperationContext.RECORDS_BYTES)) {
            volume.apply(batch);
        }
        Barriers.await(volume.barrier());
    }

    /**
     * Ends the background work, within seconds even if the volume does not answer. Idempotent. Operations must have
     * ended; the volume stays open.
     */
    @Override
    public void close() {
        if (context.background().stop()) {
            reaper.close();
        }
    }

    /**
     * Waits until removed data and truncated tails are gone, except those that a client holds. Returns early when the
     * file system is closed.
     */
    public void awaitRemovals() throws InterruptedException {
        context.background().awaitIdle();
    }

    /** Returns the number of attempts to remove deleted data that failed and were repeated since the start. */
    public long removalRestarts() {
        return context.background().restarts();
    }

    @Override
    public UUID volumeId() {
        return context.volume().id();
    }

    @Override
    public long incarnation() {
        return context.volume().epoch();
    }

    @Override
    public InodeId root() {
        return root;
    }

    @Override
    public byte[] secret() throws FsException {
        secretLock.lock();
        try {
            byte[] record = context.volume().get(Keys.secret());
            byte[] secret = record == null ? newSecret() : SmallRecords.secret(record);
            if (secretIsNew) {
                // File handles made with the secret must remain valid after a crash.
                Barriers.await(context.volume().barrier());
                secretIsNew = false;
            }
            return secret;
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw FsError.IO.exception("the volume's secret: " + e.getMessage(), e);
        } finally {
            secretLock.unlock();
        }
    }

    private byte[] newSecret() throws FsException, VolumeException {
        byte[] secret = new byte[SECRET_BYTES];
        Machine.current().random().nextBytes(secret);
        try (Reservation room = context.reserve()) {
            Batch batch = context.volume().newBatch();
            batch.put(Keys.secret(), SmallRecords.secretRecord(secret));
            context.volume().apply(batch);
        }
        secretIsNew = true;
        return secret;
    }

    @Override
    public Attributes getAttributes(InodeId inode) throws FsException {
        return context.inodes().require(inode).attributes();
    }

    @Override
    public Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException {
        return lookups.lookup(who, directory, name);
    }

    @Override
    public int access(Credentials who, InodeId inode, int mask) throws FsException {
        return AccessPolicy.granted(who, context.inodes().require(inode)) & mask;
    }

    @Override
    public AttributeTransition setAttributes(
            Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess) throws FsException {
        return attributes.set(who, inode, change, sizeAccess);
    }

    @Override
    public byte[] readLink(InodeId inode) throws FsException {
        return attributes.readLink(inode);
    }

    @Override
    public ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        return data.read(who, inode, access, offset, destination);
    }

    @Override
    public AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        return data.write(who, inode, access, offset, source);
    }

    @Override
    public void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length)
            throws FsException {
        data.deallocate(who, inode, access, offset, length);
    }

    @Override
    public Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException {
        return data.extentAt(inode, offset, lengthMax);
    }

    @Override
    public Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        return creations.create(who, directory, name, node, false).creation();
    }

    @Override
    public HeldCreation createHeld(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        while (true) {
            HeldCreation held = creations.create(who, directory, name, node, true);
            if (held.hold() != null) {
                return held;
            }
            try {
                return new HeldCreation(
                        held.creation(), hold(held.creation().node().id(), FileHold.Kind.OPEN));
            } catch (FsException e) {
                if (e.error() != FsError.STALE) {
                    throw e;
                }
                // Another client has removed the existing file, so the name is free or has another one.
            }
        }
    }

    @Override
    public Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException {
        return creations.link(who, inode, directory, name);
    }

    @Override
    public Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException {
        return removals.remove(who, directory, name, mode);
    }

    @Override
    public Renaming rename(
            Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException {
        return renames.rename(who, fromDirectory, fromName, toDirectory, toName);
    }

    @Override
    public long listingEnd(InodeId directory) throws FsException {
        return context.inodes().requireDirectory(directory).directory().nextCookie();
    }

    @Override
    public boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        return lookups.list(who, directory, range, withAttributes, visitor);
    }

    @Override
    public byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        return xattrs.get(who, inode, name);
    }

    @Override
    public List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException {
        return xattrs.list(who, inode);
    }

    @Override
    public void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode)
            throws FsException {
        xattrs.set(who, inode, name, value, mode);
    }

    @Override
    public void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        xattrs.remove(who, inode, name);
    }

    @Override
    public FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException {
        // A write that makes the file longer shares the lock, so it ends before a device has a fixed size.
        boolean sizeIsKept = kind != FileHold.Kind.OPEN;
        try (InodeLocks.Held held = sizeIsKept
                ? context.locks().exclusive(inode.number())
                : context.locks().shared(inode.number())) {
            InodeRecord record = context.inodes().require(inode);
            if (kind == FileHold.Kind.DEVICE && !record.isRegular()) {
                throw (record.isDirectory() ? FsError.IS_DIRECTORY : FsError.INVALID).exception();
            }
            if (kind == FileHold.Kind.DEVICE_DIRECTORY && !record.isDirectory()) {
                throw FsError.NOT_DIRECTORY.exception();
            }
            return context.holds().hold(inode, kind, record.links() == 0);
        }
    }

    @Override
    public CompletableFuture<Void> barrier() {
        return context.volume().barrier().handle((done, failure) -> {
            if (failure == null) {
                return null;
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            throw new CompletionException(
                    cause instanceof VolumeException e
                            ? VolumeErrors.of(e)
                            : FsError.IO.exception("barrier failed", cause));
        });
    }

    @Override
    public FsStatistics statistics() {
        return context.space().statistics();
    }
}
