// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.TimeChange;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.GetattrMask;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.SetattrValid;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.WireTime;

/** Tgetattr, Tsetattr and Tstatfs. */
final class NinePAttributeOperations implements NinePHandler.Attributes<Reply, FsException> {
    /** Type of the file system in statfs(2) (V9FS_MAGIC). */
    private static final int FILE_SYSTEM_MAGIC = 0x01021997;

    private static final int STATFS_BLOCK_BYTES = 4_096;
    private static final int STAT_BLOCK_BYTES = 512;
    private static final int SET_UID = 04000;
    private static final int SET_GID = 02000;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final VirtualFileSystem files;
    private final FidTable fids;
    private final Qids qids;

    NinePAttributeOperations(NinePSession session) {
        this.files = session.files();
        this.fids = session.fids();
        this.qids = session.qids();
    }

    @Override
    public Reply getAttributes(Tmessage.Tgetattr request) throws FsException {
        Attributes file = files.getAttributes(fids.get(request.fid()).inode());
        return Reply.now(new Rmessage.Rgetattr(
                request.mask() & GetattrMask.ALL,
                qids.of(file),
                Modes.kindBits(file.kind()) | file.mode(),
                file.uid(),
                file.gid(),
                file.links(),
                encode(file.device()),
                file.size(),
                VirtualFileSystem.CHUNK_BYTES,
                blocks(file.allocatedBytes(), STAT_BLOCK_BYTES),
                time(file.accessed()),
                time(file.modified()),
                time(file.changed()),
                time(file.created()),
                file.id().generation(),
                nanos(file.changed())));
    }

    /** Returns Linux's encoding of a device in 32 bits (new_encode_dev), which v9fs expects. */
    private static long encode(DeviceNumber device) {
        long minor = device.minor() & 0xFFFFFL;
        long major = device.major() & 0xFFFL;
        return minor & 0xFF | major << 8 | (minor & ~0xFFL) << 12;
    }

    private static long blocks(long bytes, int blockBytes) {
        return Long.divideUnsigned(bytes, blockBytes) + (Long.remainderUnsigned(bytes, blockBytes) == 0 ? 0 : 1);
    }

    /** Returns a time as a number of nanoseconds, which wraps around, for change detection only. */
    private static long nanos(Timestamp time) {
        return time.seconds() * NANOS_PER_SECOND + time.nanos();
    }

    private static WireTime time(Timestamp time) {
        return new WireTime(time.seconds(), time.nanos());
    }

    @Override
    public Reply setAttributes(Tmessage.Tsetattr request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding binding = fid.binding();
        InodeId inode = binding.path().inode();
        boolean opened = binding.state() instanceof FidState.OpenFile file && file.writable();
        AttributeChange change = change(request);
        Credentials who = fid.who();
        if (change.mode() != null && !who.isSuperuser()) {
            Attributes file = files.getAttributes(inode);
            if (isConsequenceOfWriting(who, file, change)) {
                who = Credentials.ofUser(file.uid(), file.gid());
            }
        }
        files.setAttributes(who, inode, change, opened ? DataAccess.CHECKED_AT_OPEN : DataAccess.CHECKED_NOW);
        return Reply.now(Rmessage.Empty.RSETATTR);
    }

    private static AttributeChange change(Tmessage.Tsetattr request) {
        return new AttributeChange(
                has(request, SetattrValid.MODE) ? request.mode() & Attributes.PERMISSION_BITS : null,
                has(request, SetattrValid.UID) ? request.uid() : null,
                has(request, SetattrValid.GID) ? request.gid() : null,
                has(request, SetattrValid.SIZE) ? request.size() : null,
                timeChange(request, SetattrValid.ACCESSED, SetattrValid.ACCESSED_SET, request.accessed()),
                timeChange(request, SetattrValid.MODIFIED, SetattrValid.MODIFIED_SET, request.modified()),
                null);
    }

    /**
     * Returns whether a change only clears setuid and setgid of a regular file, for a user who may write but is not the
     * owner. A new size, or mtime set to now, may come with it. Linux sends this before it writes or truncates, in the name
     * of the user who does so. Linux itself refuses a chmod(2) by another user than the owner.
     */
    private boolean isConsequenceOfWriting(Credentials who, Attributes file, AttributeChange change)
            throws FsException {
        int dropped = file.mode() ^ change.mode();
        return who.uid() != file.uid()
                && file.kind() == FileKind.REGULAR
                && dropped != 0
                && (dropped & ~(SET_UID | SET_GID)) == 0
                && (dropped & change.mode()) == 0
                && change.uid() == null
                && change.gid() == null
                && change.accessed().equals(TimeChange.KEEP)
                && !change.modified().kind().equals(TimeChange.Kind.SET)
                && files.access(who, file.id(), AccessMask.WRITE) == AccessMask.WRITE;
    }

    private static boolean has(Tmessage.Tsetattr request, int bit) {
        return (request.valid() & bit) != 0;
    }

    private static TimeChange timeChange(Tmessage.Tsetattr request, int change, int set, WireTime time) {
        if (!has(request, change)) {
            return TimeChange.KEEP;
        }
        if (!has(request, set)) {
            return TimeChange.NOW;
        }
        if (time.nanos() < 0 || time.nanos() >= NANOS_PER_SECOND) {
            throw new ErrnoException(Errno.EINVAL);
        }
        return TimeChange.to(new Timestamp(time.seconds(), (int) time.nanos()));
    }

    @Override
    public Reply statistics(Tmessage.Tstatfs request) {
        fids.get(request.fid()).binding();
        FsStatistics now = files.statistics();
        long blocks = Long.divideUnsigned(now.bytesMax(), STATFS_BLOCK_BYTES);
        long used = blocks(now.bytesUsed(), STATFS_BLOCK_BYTES);
        long free = Long.compareUnsigned(used, blocks) >= 0 ? 0 : blocks - used;
        return Reply.now(new Rmessage.Rstatfs(
                FILE_SYSTEM_MAGIC,
                STATFS_BLOCK_BYTES,
                blocks,
                free,
                free,
                now.inodesMax(),
                Math.max(0, now.inodesMax() - now.inodesUsed()),
                files.volumeId().getLeastSignificantBits(),
                FileName.BYTES_MAX));
    }
}
