// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Decides which calls of a {@link FaultyDisk} fail. */
@FunctionalInterface
public interface DiskFault {
    DiskFault NONE = call -> null;

    /** Returns the failure of a call; null if it succeeds. */
    IOException of(Call call);

    /** Kinds of calls. Those that change something fail on a read-only disk, and those that need room on a full one. */
    enum Kind {
        OPEN(false, false),
        CREATE(true, true),
        READ(false, false),
        WRITE(true, true),
        TRUNCATE(true, false),
        FORCE(false, true),
        FORCE_DIRECTORY(false, false),
        READ_ATTRIBUTES(false, false),
        SET_ATTRIBUTES(true, false),
        LIST(false, false),
        MAKE_DIRECTORY(true, true),
        LINK(true, true),
        MOVE(true, false),
        DELETE(true, false),
        LOCK(false, false),
        SPACE(false, false);

        final boolean changes;
        final boolean needsRoom;

        Kind(boolean changes, boolean needsRoom) {
            this.changes = changes;
            this.needsRoom = needsRoom;
        }
    }

    /**
     * A call as it came in.
     *
     * @param number counts from 1 over the life of the process
     * @param file the real path
     */
    record Call(long number, Kind kind, Path file) {}

    /** Reasons for failures, with the JDK's exceptions and the texts of strerror(3) in the C locale. */
    enum Reason {
        NO_SPACE("No space left on device"),
        READ_ONLY("Read-only file system"),
        IO_ERROR("Input/output error"),
        DENIED("Permission denied");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        /** Returns the failure of a call; null if the reason is none for it. */
        public IOException of(Call call) {
            boolean strikes = switch (this) {
                case NO_SPACE -> call.kind().needsRoom;
                case READ_ONLY -> call.kind().changes;
                case IO_ERROR -> true;
                case DENIED ->
                    switch (call.kind()) {
                        case READ, WRITE, FORCE, FORCE_DIRECTORY, TRUNCATE, LOCK -> false;
                        default -> true;
                    };
            };
            return strikes ? exception(call) : null;
        }

        private IOException exception(Call call) {
            return switch (call.kind()) {
                case READ, WRITE, FORCE, FORCE_DIRECTORY, TRUNCATE, LOCK -> new IOException(text);
                default ->
                    this == DENIED
                            ? new AccessDeniedException(call.file().toString())
                            : new FileSystemException(call.file().toString(), null, text);
            };
        }
    }

    /** Fails one call. */
    static DiskFault at(long number, Reason reason) {
        return call -> call.number() == number ? reason.of(call) : null;
    }

    /** Fails this call and all later ones. */
    static DiskFault from(long number, Reason reason) {
        return call -> call.number() >= number ? reason.of(call) : null;
    }
}
