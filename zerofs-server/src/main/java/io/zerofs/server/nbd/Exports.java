// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.nbd.wire.OptionCodec;
import io.zerofs.server.nbd.wire.OptionReplyType;
import java.util.ArrayList;
import java.util.List;

/**
 * The directory of exports. Each option of a client reads it anew, so that a file is an export from the moment it exists.
 * Thread-safe; its methods may wait for the store.
 */
final class Exports {
    /** The directory of exports, in the root directory. */
    static final String DIRECTORY = ".nbd";

    /** Maximum names in the directory for a list. With more, the server refuses the list but still finds exports by name. */
    static final int LISTED_MAX = 10_000;

    private static final int DIRECTORY_MODE = 0755;
    private static final int WRITE_BITS = 0222;

    private final VirtualFileSystem files;
    private final ConnectedDevices connected;

    Exports(VirtualFileSystem files) {
        this.files = files;
        this.connected = new ConnectedDevices(files);
    }

    /**
     * Creates the directory unless it exists.
     *
     * @throws FsException NOT_DIRECTORY if a file of another kind has its name
     */
    void createDirectory() throws FsException {
        FileName name = FileName.of(DIRECTORY);
        try {
            files.create(Credentials.ROOT, files.root(), name, NewNode.directory(DIRECTORY_MODE));
        } catch (FsException e) {
            if (e.error() == FsError.READ_ONLY) {
                return; // Without the directory there are no exports.
            }
            if (e.error() != FsError.EXISTS) {
                throw e;
            }
            if (files.lookup(Credentials.ROOT, files.root(), name).kind() != FileKind.DIRECTORY) {
                throw FsError.NOT_DIRECTORY.exception("/" + DIRECTORY + " is not a directory", null);
            }
        }
    }

    /** Takes the name of an export, or returns false to end the list before it. */
    @FunctionalInterface
    interface Names {
        boolean take(String name, long cookie);
    }

    /**
     * Lists exports in constant memory.
     *
     * @return whether the list reached its end; false if a name was not taken
     */
    boolean list(ListingRange range, Names names) throws FsException {
        InodeId directory = directory();
        return directory == null
                || files.list(Credentials.ROOT, directory, range, false, entry -> {
                    // The protocol requires UTF-8, so a client cannot name a file with another name.
                    String name = entry.kind() == FileKind.REGULAR
                            ? OptionCodec.decodeText(entry.name().toBytes())
                            : null;
                    return name == null || names.take(name, entry.cookie());
                });
    }

    /** Returns the end of a list that begins now. */
    long listingEnd() throws FsException {
        InodeId directory = directory();
        return directory == null ? 0 : files.listingEnd(directory);
    }

    /** @throws ExportException TOO_BIG if the directory has more than {@link #LISTED_MAX} names */
    void requireListable() throws ExportException, FsException {
        if (isCrowded()) {
            throw new ExportException(
                    OptionReplyType.ERR_TOO_BIG,
                    "there are more than " + LISTED_MAX + " files; exports can be used by name");
        }
    }

    /** Returns whether a list of the directory would occupy a thread for too long while other requests wait for one. */
    private boolean isCrowded() throws FsException {
        InodeId directory = directory();
        return directory != null && files.getAttributes(directory).size() > LISTED_MAX;
    }

    /** Returns the export of this name; the empty name means the only one. */
    Export find(String name) throws ExportException, FsException {
        if (!name.isEmpty()) {
            return describe(name, lookup(name));
        }
        List<String> names = new ArrayList<>();
        boolean crowded = isCrowded();
        if (!crowded) {
            list(ListingRange.after(0), (each, cookie) -> names.add(each) && names.size() < 2);
        }
        if (names.size() != 1) {
            throw new ExportException(
                    OptionReplyType.ERR_UNKNOWN,
                    "an export name is needed: " + (names.isEmpty() && !crowded ? "there is none" : "there are several")
                            + ", so none is the default");
        }
        return describe(names.get(0), lookup(names.get(0)));
    }

    /** Opens an export for one connection, which closes it. Until then the file keeps its size and its path. */
    BlockDevice open(String name) throws ExportException, FsException {
        Export found = find(name);
        HeldExport hold = hold(found.inode());
        try {
            // The size may have changed before the hold.
            Export held = describe(found.name(), files.getAttributes(found.inode()));
            BlockDevice device = new BlockDevice(files, held, hold, connected);
            connected.add(held);
            return device;
        } catch (FsException | ExportException | RuntimeException | Error e) {
            hold.close();
            throw e;
        }
    }

    private HeldExport hold(InodeId file) throws ExportException, FsException {
        InodeId directory = directory();
        if (directory == null) {
            throw new ExportException(OptionReplyType.ERR_UNKNOWN, "there is no such export any more");
        }
        FileHold ofDirectory = files.hold(directory, FileHold.Kind.DEVICE_DIRECTORY);
        try {
            return new HeldExport(files.hold(file, FileHold.Kind.DEVICE), ofDirectory);
        } catch (FsException | RuntimeException | Error e) {
            ofDirectory.close();
            throw e;
        }
    }

    /** A file that is a connected device, with the directory of exports. */
    private record HeldExport(FileHold file, FileHold directory) implements FileHold {
        @Override
        public InodeId inode() {
            return file.inode();
        }

        @Override
        public void close() {
            file.close();
            directory.close();
        }
    }

    /** Waits until every device is closed, or until the seconds are over. The server calls it when it accepts no more. */
    void awaitClosed(int seconds) {
        connected.awaitNone(seconds);
    }

    private Attributes lookup(String name) throws ExportException, FsException {
        InodeId directory = directory();
        if (directory != null) {
            try {
                Attributes file = files.lookup(Credentials.ROOT, directory, FileName.of(name));
                if (file.kind() == FileKind.REGULAR) {
                    return file;
                }
            } catch (FsException e) {
                if (!isAbsence(e.error())) {
                    throw e;
                }
            }
        }
        throw new ExportException(OptionReplyType.ERR_UNKNOWN, "there is no such export");
    }

    /** Returns the directory, or null if there is none. */
    InodeId directory() throws FsException {
        try {
            Attributes found = files.lookup(Credentials.ROOT, files.root(), FileName.of(DIRECTORY));
            return found.kind() == FileKind.DIRECTORY ? found.id() : null;
        } catch (FsException e) {
            if (isAbsence(e.error())) {
                return null;
            }
            throw e;
        }
    }

    private static boolean isAbsence(FsError error) {
        return error == FsError.NOT_FOUND
                || error == FsError.STALE
                || error == FsError.INVALID
                || error == FsError.NAME_TOO_LONG;
    }

    private Export describe(String name, Attributes file) throws ExportException {
        if (file.size() < 0) {
            throw new ExportException(
                    OptionReplyType.ERR_POLICY,
                    "the export is larger than the 2^63 - 1 bytes that clients can address");
        }
        return new Export(name, file.id(), file.size(), isReadOnly(file, files));
    }

    static boolean isReadOnly(Attributes file, VirtualFileSystem files) {
        return (file.mode() & WRITE_BITS) == 0 || files.isReadOnly();
    }
}
