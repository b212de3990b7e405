// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A failed opening of a volume. The operator's next step names each kind. The message is one line, without secrets. */
public final class OpenException extends Exception {
    /** The operator's next step. */
    public enum Kind {
        /** Give the right password. Nothing was written. */
        WRONG_PASSWORD,
        /** Another daemon took the volume over: do not start again. */
        OWNED_BY_NEWER_WRITER,
        /** Use a store that can refuse to overwrite, or accept the risk in the configuration. */
        NO_CONDITIONAL_WRITES,
        /** There is no volume at the URL: correct it, mount the disk, or permit to create one. Nothing was written. */
        NO_VOLUME,
        /** There is no volume where this machine opened one: mount the disk, or correct the URL. Nothing was written. */
        VOLUME_GONE,
        /** The volume has no snapshot of this name: choose another. Nothing was written. */
        NO_SNAPSHOT,
        /** An object that must exist is gone: restore it. Nothing was fenced where it is missing. */
        LOST_OBJECT,
        /** An object is damaged or does not belong here: restore it. */
        DAMAGED_OBJECT,
        /** The store does not answer or fails for now: try again later. */
        STORE_UNREACHABLE,
        /** The store accepts no credentials of ours: correct or renew them. */
        WRONG_CREDENTIALS,
        /** The bucket or container is missing: create it, or correct its name. */
        NO_BUCKET,
        /** The bucket is in another region: name that one. */
        WRONG_REGION,
        /** The clock of this machine is wrong: set it. */
        WRONG_CLOCK,
        /** Permissions, or a cause that only the message names: a person has to act. */
        STORE_REFUSED,
        /** Use a newer program. */
        NEWER_FORMAT,
        /** Another daemon of this machine has the volume's local directory. */
        DIRECTORY_LOCKED,
        /** The local directory cannot be made, read or written, or its disk is full. */
        DIRECTORY_UNUSABLE
    }

    private final Kind kind;

    OpenException(Kind kind, String message) {
        this(kind, message, null);
    }

    OpenException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** Translates a failed request. */
    public static OpenException of(ObjectStoreException e) {
        Kind kind = switch (e.kind()) {
            case NOT_FOUND -> Kind.LOST_OBJECT;
            case TRUNCATED, TOO_LARGE -> Kind.DAMAGED_OBJECT;
            case UNKNOWN_OUTCOME, UNAVAILABLE -> Kind.STORE_UNREACHABLE;
            case REFUSED -> of(e.refusal());
            case NO_SPACE -> Kind.STORE_REFUSED;
        };
        return new OpenException(kind, e.getMessage(), e);
    }

    private static Kind of(ObjectStoreException.Refusal refusal) {
        return switch (refusal) {
            case CREDENTIALS -> Kind.WRONG_CREDENTIALS;
            case BUCKET -> Kind.NO_BUCKET;
            case REGION -> Kind.WRONG_REGION;
            case CLOCK -> Kind.WRONG_CLOCK;
            case CONDITIONS -> Kind.NO_CONDITIONAL_WRITES;
            case OTHER -> Kind.STORE_REFUSED;
        };
    }

    static OpenException of(CorruptObjectException e) {
        return new OpenException(Kind.DAMAGED_OBJECT, e.getMessage(), e);
    }

    static OpenException of(IOException e, Path cacheDirectory) {
        return new OpenException(
                Kind.DIRECTORY_UNUSABLE,
                "the local directory " + cacheDirectory + " cannot be used: " + describe(e),
                e);
    }

    /** Describes a failure, because Java's own message is only the name of the file. */
    private static String describe(IOException e) {
        if (e instanceof FileSystemException file && file.getReason() == null) {
            String reason = e instanceof AccessDeniedException
                    ? "permission denied"
                    : e instanceof NoSuchFileException
                            ? "no such file or directory"
                            : e instanceof FileAlreadyExistsException ? "exists, and is no directory" : "failed";
            return file.getFile() + ": " + reason;
        }
        return e.getMessage();
    }

    static OpenException of(VolumeException e) {
        Kind kind = switch (e.kind()) {
            case UNAVAILABLE -> Kind.STORE_UNREACHABLE;
            case FENCED -> Kind.OWNED_BY_NEWER_WRITER;
            case CORRUPT, NO_SPACE, DISK, READ_ONLY, CLOSED -> Kind.DIRECTORY_UNUSABLE;
        };
        return new OpenException(kind, e.getMessage(), e);
    }

    static OpenException lost(String object, String because) {
        return new OpenException(
                Kind.LOST_OBJECT, "object " + object + " is missing although " + because + "; restore it to open");
    }
}
