// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A POSIX file system, addressed by inode. Every protocol server uses this port.
 *
 * <p>Every operation is atomic: another operation sees all of it or nothing, and so does the volume after a crash. An
 * operation is visible to all protocols when it returns. It is durable when a {@link #barrier()} that began after it
 * has completed.
 *
 * <p>Thread-safe. Any thread may call operations. On a {@link io.zerofs.core.waiting.NonBlockingThread}, an operation
 * that would wait for the store or for memory throws {@link io.zerofs.core.waiting.WouldBlockException} before it
 * changes anything. Operations wait for short locks on any thread.
 *
 * <p>Errors common to all operations: STALE for an id that names no inode, IO if the store failed or data is damaged.
 * If several errors apply, Linux's order decides: permission to search a directory, existence of the name, permission
 * to change the directory, kinds of the files.
 */
public interface VirtualFileSystem {
    /** Maximum bytes of the value of an extended attribute (XATTR_SIZE_MAX). */
    int XATTR_BYTES_MAX = 65_536;

    /** Maximum bytes of a symlink target (PATH_MAX without the terminating NUL). */
    int SYMLINK_BYTES_MAX = 4_095;

    /** Maximum number of hard links of one inode. */
    int LINKS_MAX = 65_535;

    /** Maximum depth of a directory into which clients move other directories; deeper directories may exist. */
    int MOVE_DEPTH_MAX = 16_384;

    /**
     * Bytes of a chunk, the preferred and atomic unit of data: no reader sees part of a write within one chunk, and no
     * crash leaves a part. The volume below defines the same number, because neither port knows the other.
     */
    int CHUNK_BYTES = 256 * 1024;

    /** Returns the identity of the volume. A file handle needs it to survive a move to another machine. */
    UUID volumeId();

    /** Returns the epoch of this writer, which differs for every start of the daemon on this volume. */
    long incarnation();

    InodeId root();

    /** Returns whether the ids of {@link #volumeId} can name more than the files below {@link #root}. */
    default boolean isPart() {
        return false;
    }

    /**
     * Returns random bytes that the volume keeps as long as it lives and that no client sees. May wait.
     *
     * @throws FsException NOT_SUPPORTED if the file system has no place for them
     */
    default byte[] secret() throws FsException {
        throw FsError.NOT_SUPPORTED.exception();
    }

    /** Returns whether every change fails with READ_ONLY. */
    default boolean isReadOnly() {
        return false;
    }

    Attributes getAttributes(InodeId inode) throws FsException;

    /**
     * Finds a name; resolves {@code .} and {@code ..} (the root is its own parent).
     *
     * @throws FsException NOT_DIRECTORY, ACCESS_DENIED without search permission, NOT_FOUND
     */
    Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException;

    /**
     * Returns the bits among the {@link AccessMask} bits {@code mask} that the permission bits grant, as access(2)
     * would.
     */
    int access(Credentials who, InodeId inode, int mask) throws FsException;

    /**
     * Changes attributes with the rules of chmod(2), chown(2), truncate(2) and utimensat(2): clears setuid and setgid
     * if POSIX demands it, and updates ctime.
     *
     * @param sizeAccess whether the open of the file established the write permission that a change of size needs
     * @throws FsException NOT_PERMITTED, ACCESS_DENIED, IS_DIRECTORY or INVALID for the size of anything but a regular
     *     file, FILE_TOO_LARGE, NOT_SYNC, BUSY for the size of a connected device
     */
    AttributeTransition setAttributes(Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess)
            throws FsException;

    /** Returns the target of a symlink; throws INVALID for any other kind. */
    byte[] readLink(InodeId inode) throws FsException;

    /**
     * Reads up to {@code destination.remaining()} bytes and advances the position by the number of bytes read. Holes
     * read as zeros. Does not update atime (as mounted with noatime); protocols do not expect it.
     *
     * @param offset unsigned
     * @throws FsException IS_DIRECTORY, INVALID for other kinds without data, ACCESS_DENIED
     */
    ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException;

    /**
     * Writes all of {@code source}. A write of more than about 3.75 MiB is split into pieces, each of them atomic.
     * Clears setuid and setgid if POSIX demands it. Less than a millisecond after another write, mtime and ctime may
     * keep the times of that write. The content of the buffer must not change before the call returns.
     *
     * @throws FsException as {@link #read}, FILE_TOO_LARGE, NO_SPACE
     */
    AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException;

    /**
     * Makes a range a hole without changing the size: whole chunks leave the index, partial ones are zeroed. Large
     * ranges take several bounded steps, between which other operations run.
     */
    void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length) throws FsException;

    /**
     * Returns the data or hole run that begins at this offset, at chunk granularity; null at the end of the file.
     *
     * @param lengthMax maximum length of the run, at least 1; nothing beyond is read. A long run may come in parts
     */
    Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException;

    /**
     * Creates a file of any kind under a new name.
     *
     * @throws FsException EXISTS (also for {@code .} and {@code ..}), ACCESS_DENIED, NOT_DIRECTORY, NOT_FOUND in a
     *     removed directory, NO_SPACE, TOO_MANY_LINKS for a directory in a full one, INVALID; for an existing file with
     *     {@link NewNode.Existing#OPEN} IS_DIRECTORY or the errors of truncation
     */
    Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException;

    /** Creates and holds a file in one step, so that it stays even if another client removes its name at once. */
    default HeldCreation createHeld(Credentials who, InodeId directory, FileName name, NewNode node)
            throws FsException {
        Creation creation = create(who, directory, name, node);
        return new HeldCreation(creation, hold(creation.node().id(), FileHold.Kind.OPEN));
    }

    /** Adds a name to a file. Throws NOT_PERMITTED for a directory, TOO_MANY_LINKS, EXISTS, ACCESS_DENIED. */
    Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException;

    /**
     * Removes a name. The file remains while it has other names or a hold; the background removes its data.
     *
     * @throws FsException NOT_FOUND, ACCESS_DENIED or NOT_PERMITTED (sticky), IS_DIRECTORY, NOT_DIRECTORY, NOT_EMPTY,
     *     INVALID for {@code .}, NOT_EMPTY for {@code ..}, BUSY for a connected device
     */
    Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException;

    /**
     * rename(2): renames a file, and atomically replaces a file that has the new name. Changes nothing if both names
     * are of the same file.
     *
     * @throws FsException as {@link #create} and {@link #remove}, INVALID for a directory below itself, NAME_TOO_LONG
     *     for a directory that would get more than {@link #MOVE_DEPTH_MAX} ancestors
     */
    Renaming rename(Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException;

    /**
     * Returns the end of a listing that begins now, see {@link ListingRange}. It stays valid across restarts.
     *
     * @throws FsException NOT_DIRECTORY
     */
    long listingEnd(InodeId directory) throws FsException;

    /**
     * Lists a part of a directory in constant memory. The visitor sees a name that exists throughout exactly once,
     * whatever changes meanwhile. A name that passes to another file keeps its place, and so does a file that gets
     * another name in its directory. A listing continues after a restart.
     *
     * @param withAttributes whether entries have attributes; {@code ..} of the root is the root
     * @return whether the listing reached the end of the range; false if the visitor refused an entry
     * @throws FsException NOT_DIRECTORY, ACCESS_DENIED without read permission, BAD_COOKIE
     */
    boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException;

    /** Lists all entries that a directory has now after a cookie. */
    default boolean list(
            Credentials who, InodeId directory, long cookie, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        return list(who, directory, ListingRange.after(cookie), withAttributes, visitor);
    }

    /**
     * Returns the value of an extended attribute, any bytes; throws NO_ATTRIBUTE if the inode has none of this name.
     */
    byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException;

    /** Returns the names of the extended attributes that the caller may see, in byte order. */
    List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException;

    /** setxattr(2). Throws ATTRIBUTE_TOO_LARGE, NOT_SUPPORTED for an unknown name space, NOT_PERMITTED. */
    void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode) throws FsException;

    /** removexattr(2). */
    void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException;

    /** Holds an inode; see {@link FileHold}. DEVICE needs a regular file, and several clients may hold it at once. */
    FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException;

    /**
     * Makes durable every change that returned before this call. Completes on any thread; exceptionally with an {@link
     * FsException} IO if the store does not take the changes. Concurrent barriers join and together cost one request to
     * the store.
     */
    CompletableFuture<Void> barrier();

    FsStatistics statistics();
}
