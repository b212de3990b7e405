// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.TimeChange;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.nbd.wire.OptionCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * The devices of a server for its operator, who makes, resizes and deletes their files. A device that a client is connected
 * to is BUSY. Thread-safe; its methods may wait for the store.
 */
public final class NbdDevices {
    private static final int MODE = 0600;

    private final VirtualFileSystem files;
    private final Exports exports;

    NbdDevices(VirtualFileSystem files, Exports exports) {
        this.files = files;
        this.exports = exports;
    }

    /**
     * A device.
     *
     * @param allocatedBytes bytes of its chunks that have data
     */
    public record Device(String name, long bytes, long allocatedBytes, boolean readOnly) {}

    /** Returns the devices in the order of their creation, at most as many as clients may list. */
    public List<Device> list() throws FsException {
        List<String> names = new ArrayList<>();
        exports.list(ListingRange.after(0), (name, cookie) -> names.size() < Exports.LISTED_MAX && names.add(name));
        List<Device> devices = new ArrayList<>();
        for (String name : names) {
            try {
                Attributes file = file(name);
                devices.add(new Device(name, file.size(), file.allocatedBytes(), Exports.isReadOnly(file, files)));
            } catch (FsException e) {
                if (e.error() != FsError.NOT_FOUND) {
                    throw e; // Else another client removed it meanwhile.
                }
            }
        }
        return devices;
    }

    /**
     * Makes a device of zeros.
     *
     * @throws FsException EXISTS, INVALID if clients could not name it, NO_SPACE
     */
    public void create(String name, long bytes) throws FsException {
        FileName checked = FileName.of(name);
        if (!name.equals(OptionCodec.decodeText(checked.toBytes()))) {
            throw FsError.INVALID.exception();
        }
        AttributeChange initial = new AttributeChange(MODE, null, null, bytes, TimeChange.KEEP, TimeChange.KEEP, null);
        NewNode file = new NewNode(FileKind.REGULAR, initial, DeviceNumber.NONE, null, NewNode.Existing.REFUSE, 0);
        files.create(Credentials.ROOT, directory(), checked, file);
        settle();
    }

    /**
     * Changes the size of a device.
     *
     * @param mayShrink whether the end of the device may be cut off
     * @throws FsException BUSY; NOT_FOUND; NOT_PERMITTED for a smaller size that is not allowed; NO_SPACE
     */
    public void resize(String name, long bytes, boolean mayShrink) throws FsException {
        Attributes file = file(name);
        if (bytes < file.size() && !mayShrink) {
            throw FsError.NOT_PERMITTED.exception();
        }
        AttributeChange change =
                new AttributeChange(null, null, null, bytes, TimeChange.KEEP, TimeChange.KEEP, file.changed());
        files.setAttributes(Credentials.ROOT, file.id(), change, DataAccess.CHECKED_NOW);
        settle();
    }

    /** @throws FsException BUSY; NOT_FOUND */
    public void delete(String name) throws FsException {
        file(name);
        files.remove(Credentials.ROOT, directory(), FileName.of(name), RemoveMode.FILE);
        settle();
    }

    /** Waits until the change is durable: the operator has no fsync. */
    private void settle() throws FsException {
        try {
            files.barrier().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FsError.TRY_AGAIN.exception();
        } catch (ExecutionException e) {
            throw FsError.IO.exception(e.getCause().getMessage(), e);
        }
    }

    private Attributes file(String name) throws FsException {
        Attributes file = files.lookup(Credentials.ROOT, directory(), FileName.of(name));
        if (file.kind() != FileKind.REGULAR) {
            throw FsError.NOT_FOUND.exception();
        }
        return file;
    }

    private InodeId directory() throws FsException {
        InodeId directory = exports.directory();
        if (directory == null) {
            throw FsError.NOT_FOUND.exception();
        }
        return directory;
    }
}
