// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.TimeChange;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.server.access.SnapshotFiles;
import io.zerofs.server.nfs3.wire.Fattr3;
import io.zerofs.server.nfs3.wire.FileType3;
import io.zerofs.server.nfs3.wire.NfsTime3;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.WccData;

/** Converts attributes between the file system and the wire. */
final class Nfs3Attributes {
    private static final long SECONDS_MAX = 0xFFFF_FFFFL;

    private final long fileSystemId;

    Nfs3Attributes(long fileSystemId) {
        this.fileSystemId = fileSystemId;
    }

    Fattr3 toWire(Attributes from) {
        return new Fattr3(
                type(from.kind()),
                from.mode(),
                from.links(),
                from.uid(),
                from.gid(),
                from.size(),
                from.allocatedBytes(),
                from.device().major(),
                from.device().minor(),
                fileSystemId ^ SnapshotFiles.treeOf(from.id()),
                from.id().number(),
                time(from.accessed()),
                time(from.modified()),
                time(from.changed()));
    }

    WccData toWire(AttributeTransition from) {
        Attributes before = from.before();
        return new WccData(
                new WccData.Before(before.size(), time(before.modified()), time(before.changed())),
                toWire(from.after()));
    }

    /** Returns the change that the client wants; {@code guard} may be null. */
    static AttributeChange change(Sattr3 from, NfsTime3 guard) {
        return new AttributeChange(
                from.mode() == null ? null : from.mode() & Attributes.PERMISSION_BITS,
                from.uid(),
                from.gid(),
                from.size(),
                change(from.accessed()),
                change(from.modified()),
                guard == null ? null : timestamp(guard));
    }

    /** Returns the initial attributes. A client that sends no mode, as with EXCLUSIVE, sets it afterwards. */
    static AttributeChange initial(Sattr3 from) {
        AttributeChange wanted = change(from, null);
        return new AttributeChange(
                wanted.mode() == null ? 0 : wanted.mode(),
                wanted.uid(),
                wanted.gid(),
                wanted.size(),
                wanted.accessed(),
                wanted.modified(),
                null);
    }

    private static TimeChange change(Sattr3.SetTime from) {
        return switch (from.how()) {
            case DONT_CHANGE -> TimeChange.KEEP;
            case SERVER_TIME -> TimeChange.NOW;
            case CLIENT_TIME -> TimeChange.to(timestamp(from.time()));
        };
    }

    private static Timestamp timestamp(NfsTime3 from) {
        return new Timestamp(Integer.toUnsignedLong(from.seconds()), from.nanos());
    }

    /** Converts a time; one that the wire cannot express becomes the nearest that it can. */
    private static NfsTime3 time(Timestamp from) {
        if (from.seconds() < 0) {
            return new NfsTime3(0, 0);
        }
        return new NfsTime3((int) Math.min(from.seconds(), SECONDS_MAX), from.nanos());
    }

    private static FileType3 type(FileKind kind) {
        return switch (kind) {
            case REGULAR -> FileType3.REGULAR;
            case DIRECTORY -> FileType3.DIRECTORY;
            case SYMLINK -> FileType3.SYMLINK;
            case FIFO -> FileType3.FIFO;
            case SOCKET -> FileType3.SOCKET;
            case CHARACTER_DEVICE -> FileType3.CHARACTER_DEVICE;
            case BLOCK_DEVICE -> FileType3.BLOCK_DEVICE;
        };
    }
}
