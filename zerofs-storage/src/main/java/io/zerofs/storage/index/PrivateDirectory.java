// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Local directories that no other user may write to, because the daemon loads or trusts their files. Root may do anything
 * anyway, so it counts as the daemon's own user.
 */
public final class PrivateDirectory {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final int OTHERS_WRITE = 0022;
    private static final int STICKY = 01000;

    private static final Logger log = LoggerFactory.getLogger(PrivateDirectory.class);

    private PrivateDirectory() {}

    /** Makes a directory of ours with mode 0700, or removes other users' permissions from an existing one. */
    public static void make(Path path) throws IOException {
        if (!isPosix(path)) {
            Files.createDirectories(path);
            return;
        }
        try {
            Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException e) {
            requireOurs(path);
            Files.setPosixFilePermissions(path, OWNER_ONLY);
        }
    }

    /**
     * Makes the directory that the operator named, or removes other users' permission to add or replace entries of an
     * existing one. Its path may be a link.
     */
    public static void makeParent(Path named) throws IOException {
        Path parent = named.toAbsolutePath().getParent();
        if (!isPosix(named) || Files.isDirectory(named)) {
            allowNoOtherWriter(named.toRealPath());
        } else {
            if (parent != null) {
                Files.createDirectories(parent);
            }
            make(named);
        }
    }

    /** Returns whether a file is a regular file that only we can have written. */
    static boolean isOurFile(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        return !isPosix(file) || (isOurs(file) && (mode(file) & OTHERS_WRITE) == 0);
    }

    private static void requireOurs(Path path) throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(path.toString(), null, "is not a directory, or a link to one: remove it");
        }
        if (!isOurs(path)) {
            throw new FileSystemException(
                    path.toString(),
                    null,
                    "belongs to another user, who could change it: remove it, or use another dir");
        }
    }

    private static void allowNoOtherWriter(Path path) throws IOException {
        if (!isPosix(path)) {
            return;
        }
        if (!isOurs(path)) {
            throw new FileSystemException(
                    path.toString(), null, "belongs to another user, who could change it: use a directory of your own");
        }
        int mode = mode(path);
        if ((mode & OTHERS_WRITE) != 0 && (mode & STICKY) == 0) {
            log.info("removing other users' permission to write to {}", path);
            Files.setAttribute(path, "unix:mode", mode & ~OTHERS_WRITE);
        }
    }

    private static boolean isOurs(Path path) throws IOException {
        int owner = (int) attributes(path).get("uid");
        return owner == 0 || owner == (int) new UnixSystem().getUid();
    }

    private static int mode(Path path) throws IOException {
        return (int) attributes(path).get("mode");
    }

    private static Map<String, Object> attributes(Path path) throws IOException {
        return Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("unix");
    }
}
