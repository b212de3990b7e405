// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.MetadataBytes;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.ArrayList;
import java.util.List;

/** Extended attributes. Most files have none; their inode record shows that without another read. */
final class XattrOperations {
    /** Maximum bytes of a list of names that Linux can return, with a NUL after each name (XATTR_LIST_MAX). */
    private static final int LIST_BYTES_MAX = 65_536;

    /** Maximum bytes of a list that a thread that must not wait reads: each name may have a value of 64 KiB. */
    private static final int LIST_BYTES_AT_ONCE = 512;

    private final OperationContext context;

    XattrOperations(OperationContext context) {
        this.context = context;
    }

    byte[] get(Credentials who, InodeId id, FileName name) throws FsException {
        InodeRecord inode = context.inodes().require(id);
        XattrNamespace.of(name).requireRead(who, inode);
        byte[] value = inode.xattrListBytes() == 0 ? null : find(id.number(), name);
        if (value == null) {
            throw FsError.NO_ATTRIBUTE.exception();
        }
        return value;
    }

    List<FileName> list(Credentials who, InodeId id) throws FsException {
        InodeRecord inode = context.inodes().require(id);
        List<FileName> names = new ArrayList<>();
        if (inode.xattrListBytes() == 0) {
            return names;
        }
        if (inode.xattrListBytes() > LIST_BYTES_AT_ONCE) {
            NonBlockingThread.check();
        }
        try (Cursor cursor = context.volume().scan(Keys.xattrs(id.number()))) {
            while (cursor.next()) {
                FileName name = Keys.nameOf(cursor.key());
                if (XattrNamespace.of(name).isListedFor(who)) {
                    names.add(name);
                }
            }
            return names;
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "attributes of inode", id.number());
        }
    }

    void set(Credentials who, InodeId id, FileName name, byte[] value, XattrMode mode) throws FsException {
        XattrNamespace namespace = XattrNamespace.of(name);
        if (value.length > VirtualFileSystem.XATTR_BYTES_MAX) {
            throw FsError.ATTRIBUTE_TOO_LARGE.exception();
        }
        try (Reservation room = context.reserve(null, OperationContext.RECORDS_BYTES + value.length);
                InodeLocks.Held held = context.locks().exclusive(id.number())) {
            InodeRecord before = context.inodes().require(id);
            namespace.requireWrite(who, before);
            namespace.requireAcceptable(name, before);
            byte[] old = before.xattrListBytes() > 0 ? find(id.number(), name) : null;
            boolean exists = old != null;
            if (exists && mode == XattrMode.CREATE) {
                throw FsError.EXISTS.exception();
            }
            if (!exists && mode == XattrMode.REPLACE) {
                throw FsError.NO_ATTRIBUTE.exception();
            }
            int listBytes = before.xattrListBytes() + (exists ? 0 : listBytes(name));
            if (listBytes > LIST_BYTES_MAX) {
                throw FsError.NO_SPACE.exception();
            }
            Transaction changes = context.begin();
            changes.batch().put(Keys.xattr(id.number(), name), SmallRecords.xattr(value));
            changes.metadata(exists ? value.length - old.length : MetadataBytes.ofXattr(name, value.length));
            changes.update(before, before.withXattrListBytes(listBytes).changedAt(context.now()));
            changes.commit();
        }
    }

    void remove(Credentials who, InodeId id, FileName name) throws FsException {
        try (Reservation room = context.reserve();
                InodeLocks.Held held = context.locks().exclusive(id.number())) {
            InodeRecord before = context.inodes().require(id);
            XattrNamespace.of(name).requireWrite(who, before);
            byte[] old = before.xattrListBytes() > 0 ? find(id.number(), name) : null;
            if (old == null) {
                throw FsError.NO_ATTRIBUTE.exception();
            }
            Transaction changes = context.begin();
            changes.batch().delete(Keys.xattr(id.number(), name));
            changes.metadata(-MetadataBytes.ofXattr(name, old.length));
            int listBytes = before.xattrListBytes() - listBytes(name);
            changes.update(before, before.withXattrListBytes(listBytes).changedAt(context.now()));
            changes.commit();
        }
    }

    /** Returns the bytes of a name in the list of names. */
    static int listBytes(FileName name) {
        return name.length() + 1;
    }

    private byte[] find(long inode, FileName name) throws FsException {
        try {
            byte[] record = context.volume().get(Keys.xattr(inode, name));
            return record == null ? null : SmallRecords.xattrValue(record);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "attribute of inode", inode);
        }
    }
}
