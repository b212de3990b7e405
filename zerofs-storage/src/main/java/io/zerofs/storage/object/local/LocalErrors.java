// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Translates errors of the operating system to the caller's next step. */
final class LocalErrors {
    private LocalErrors() {}

    static ObjectStoreException translate(String what, Path path, IOException e) {
        return new ObjectStoreException(kindOf(e), what + ": " + path + ": " + reasonOf(e), e);
    }

    /** Returns whether the file is missing, also because a parent directory is missing or is a file. */
    static boolean meansAbsent(IOException e) {
        return e instanceof NoSuchFileException
                || String.valueOf(e.getMessage()).contains("Not a directory");
    }

    /** Returns whether the file system has no hard links. */
    static boolean meansNoHardLinks(FileSystemException e) {
        String reason = String.valueOf(e.getMessage());
        return reason.contains("Operation not permitted")
                || reason.contains("not supported")
                || reason.contains("Function not implemented")
                || reason.contains("Too many links");
    }

    /** Returns whether this user or this kind of file system cannot sync a directory. */
    static boolean meansNoSync(IOException e) {
        return e instanceof AccessDeniedException
                || Stream.of(
                                "Invalid argument",
                                "not supported",
                                "Function not implemented",
                                "Operation not permitted",
                                "Bad file descriptor",
                                "Read-only file system")
                        .anyMatch(reason -> says(e, reason));
    }

    private static Kind kindOf(IOException e) {
        if (e instanceof EOFException) {
            return Kind.TRUNCATED;
        }
        if (e instanceof AccessDeniedException
                || e instanceof NotDirectoryException
                || e instanceof FileAlreadyExistsException) {
            return Kind.REFUSED;
        }
        // The JDK has no classes for these errors. The texts are those of strerror(3) in the C locale, which the JDK
        // uses.
        String reason = String.valueOf(e.getMessage());
        if (reason.contains("No space left on device") || reason.contains("Disk quota exceeded")) {
            return Kind.NO_SPACE;
        }
        if (reason.contains("Read-only file system")
                || reason.contains("Operation not permitted")
                || reason.contains("Not a directory")
                || reason.contains("Is a directory")
                || reason.contains("File name too long")
                || reason.contains("File too large")
                || reason.contains("cross-device link")) {
            return Kind.REFUSED;
        }
        return Kind.UNAVAILABLE;
    }

    private static String reasonOf(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or directory; is the disk mounted?";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied; the user " + System.getProperty("user.name")
                    + " must be able to read and write there";
        }
        if (e instanceof FileAlreadyExistsException
                || e instanceof NotDirectoryException
                || says(e, "Not a directory")) {
            return "not a directory";
        }
        if (e instanceof ClosedByInterruptException) {
            return "interrupted";
        }
        if (says(e, "Read-only file system")) {
            return "the file system is mounted read-only";
        }
        if (says(e, "No space left on device")) {
            return "no space left on the disk";
        }
        if (says(e, "Disk quota exceeded")) {
            return "the disk quota of the user " + System.getProperty("user.name") + " is used up";
        }
        if (says(e, "Input/output error")) {
            return "the disk reports an input/output error";
        }
        String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return reason != null ? reason : e.getClass().getSimpleName();
    }

    private static boolean says(IOException e, String reason) {
        return String.valueOf(e.getMessage()).contains(reason);
    }
}
