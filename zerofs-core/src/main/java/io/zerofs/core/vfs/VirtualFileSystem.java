// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A POSIX file system, addressed by inode. Every protocol server uses this port.
 *
 * <p>Every operation is atomic: another operation sees all of it or nothing, and after a crash all of it or nothing is
 * there. An operation is visible to all protocols when it returns; it is durable when a {@link #barrier()} that began
 * after it completed.
 *
 * <p>Thread-safe. Operations may be called from any thread; on a {@link io.zerofs.core.waiting.NonBlockingThread} thread one
 * that would wait for the store or for memory throws {@link io.zerofs.core.waiting.WouldBlockException} before it has
 * changed anything. Short locks are waited for on any thread.
 *
 * <p>Errors common to all: STALE for an id that names no inode, IO when the store failed or data is damaged. Where
 * several errors apply the order is that of Linux: the permission to search a directory, then the existence of the
 * name, then the permission to change the directory, then the kinds of the files.
 */
public interface VirtualFileSystem {
    /** Largest size of an extended attribute's value in bytes (XATTR_SIZE_MAX). */
    int XATTR_BYTES_MAX = 65_536;

    /** Longest symlink target in bytes (PATH_MAX without the terminating NUL). */
    int SYMLINK_BYTES_MAX = 4_095;

    /** Most hard links of one inode. */
    int LINKS_MAX = 65_535;

    /** Deepest directory that other directories are moved into: there may be deeper ones. */
    int MOVE_DEPTH_MAX = 16_384;

    /**
     * Bytes of a chunk, the preferred and atomic unit of data: writes within one chunk are never torn. The volume below names
     * the same number, because neither port knows the other.
     */
    int CHUNK_BYTES = 256 * 1024;

    /** Identity of the volume; part of what a file handle needs to survive a move to another machine. */
    UUID volumeId();

    /** Different for every start of the daemon on this volume: the epoch of this writer. */
    long incarnation();

    InodeId root();

    /** Whether {@link #root} is only a part of what the ids of {@link #volumeId} can name. */
    default boolean isPart() {
        return false;
    }

    /**
     * Random bytes that the volume keeps for as long as it lives and that no client sees. May wait.
     *
     * @throws FsException NOT_SUPPORTED if there is no place for them
     */
    default byte[] secret() throws FsException {
        throw FsError.NOT_SUPPORTED.exception();
    }

    /** Whether everything that would change something is READ_ONLY. */
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

    /** The subset of the {@link AccessMask} bits {@code mask} that the permission bits grant, as access(2) would. */
    int access(Credentials who, InodeId inode, int mask) throws FsException;

    /**
     * Changes attributes with the rules of chmod(2), chown(2), truncate(2) and utimensat(2): setuid and setgid are
     * cleared where POSIX wants it, ctime is updated.
     *
     * @param sizeAccess whether write permission, needed to change the size, was established at open
     * @throws FsException NOT_PERMITTED, ACCESS_DENIED, IS_DIRECTORY or INVALID for a size on something else than a
     *     regular file, FILE_TOO_LARGE, NOT_SYNC, BUSY for the size of a connected device
     */
    AttributeTransition setAttributes(Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess)
            throws FsException;

    /** The target of a symlink; INVALID for any other kind. */
    byte[] readLink(InodeId inode) throws FsException;

    /**
     * Reads up to {@code destination.remaining()} bytes and advances its position by what was read. Holes read as
     * zeros. Does not update atime (as mounted with noatime); protocols do not expect it.
     *
     * @param offset unsigned
     * @throws FsException IS_DIRECTORY, INVALID for other kinds without data, ACCESS_DENIED
     */
    ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException;

    /**
     * Writes all of {@code source}; a write of more than the engine's budget is split, and then atomic for each piece.
     * Clears setuid and setgid as POSIX wants it. Less than a millisecond after another write, mtime and ctime may stay
     * as that one set them. The buffer's content must not change before the call returns.
     *
     * @throws FsException as {@link #read}, FILE_TOO_LARGE, NO_SPACE
     */
    AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException;

    /**
     * Makes a range a hole without changing the size: whole chunks leave the index, partial ones are zeroed. Large
     * ranges are done in bounded steps, without holding up other operations.
     */
    void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length) throws FsException;

    /**
     * The data or hole run that begins at this offset, at chunk granularity; null at the end of the file.
     *
     * @param lengthMax where the run is cut, at least 1: nothing beyond is looked at. A long run may come in parts
     */
    Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException;

    /**
     * Creates a file of any kind under a new name.
     *
     * @throws FsException EXISTS (also for {@code .} and {@code ..}), ACCESS_DENIED, NOT_DIRECTORY, NOT_FOUND in a
     *     removed directory, NO_SPACE, TOO_MANY_LINKS for a directory in a full one, INVALID; for an existing file with
     *     {@link NewNode.Existing#OPEN} IS_DIRECTORY or what truncation throws
     */
    Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException;

    /** Gives a file one more name. NOT_PERMITTED for a directory, TOO_MANY_LINKS, EXISTS, ACCESS_DENIED. */
    Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException;

    /**
     * Removes a name. The file itself lives while it has other names or is held; its data goes in the background.
     *
     * @throws FsException NOT_FOUND, ACCESS_DENIED or NOT_PERMITTED (sticky), IS_DIRECTORY, NOT_DIRECTORY, NOT_EMPTY,
     *     INVALID for {@code .}, NOT_EMPTY for {@code ..}, BUSY for a connected device
     */
    Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException;

    /**
     * rename(2): replaces what has the new name, atomically; nothing happens if both names are the same file.
     *
     * @throws FsException as {@link #create} and {@link #remove}, INVALID for a directory below itself, NAME_TOO_LONG
     *     for one that would get more than {@link #MOVE_DEPTH_MAX} above it
     */
    Renaming rename(Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException;

    /**
     * Returns the end of a listing that begins now: see {@link ListingRange}. Stays valid across restarts.
     *
     * @throws FsException NOT_DIRECTORY
     */
    long listingEnd(InodeId directory) throws FsException;

    /**
     * Lists a part of a directory in constant memory. Names that exist throughout are seen exactly once, whatever
     * changes meanwhile: a name that is given to another file keeps its place, and so does a file that gets another name
     * in its directory. A listing continues after a restart.
     *
     * @param withAttributes whether entries carry attributes; {@code ..} of the root is the root
     * @return whether the end of the range was reached; false if the visitor refused an entry
     * @throws FsException NOT_DIRECTORY, ACCESS_DENIED without read permission, BAD_COOKIE
     */
    boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException;

    /** Lists all that is in a directory now after a cookie. */
    default boolean list(
            Credentials who, InodeId directory, long cookie, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        return list(who, directory, ListingRange.after(cookie), withAttributes, visitor);
    }

    /** Value of an extended attribute, any bytes. NO_ATTRIBUTE if it is not there. */
    byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException;

    /** Names of the extended attributes that the caller may see, in byte order. */
    List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException;

    /** setxattr(2). ATTRIBUTE_TOO_LARGE, NOT_SUPPORTED for an unknown name space, NOT_PERMITTED. */
    void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode) throws FsException;

    /** removexattr(2). */
    void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException;

    /** Holds an inode; see {@link FileHold}. DEVICE needs a regular file, several may hold it at once. */
    FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException;

    /**
     * Makes durable everything that returned before this call. Completes on any thread, exceptionally with an {@link
     * FsException} IO if the store does not take it. Barriers join: many at once cost one request to the store.
     */
    CompletableFuture<Void> barrier();

    FsStatistics statistics();
}
