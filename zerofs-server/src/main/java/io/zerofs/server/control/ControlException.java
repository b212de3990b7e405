// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import io.zerofs.server.http.HttpStatus;
import java.util.Locale;

/** A command that the daemon refuses, or that failed. The message is a sentence for the operator. */
public final class ControlException extends Exception {
    /** The reason, which decides what the operator does next. Answers have it in lower case. */
    public enum Kind {
        /** The request is wrong: another one may be right. */
        INVALID(HttpStatus.BAD_REQUEST),
        /** The daemon is of another version and does not know the command. */
        UNKNOWN_COMMAND(HttpStatus.NOT_FOUND),
        /** The thing that the command names does not exist. */
        NOT_FOUND(HttpStatus.NOT_FOUND),
        /** The thing exists already, is in use, or is in the wrong state. */
        CONFLICT(HttpStatus.CONFLICT),
        /** The store or the volume does not do it now; later it may. */
        UNAVAILABLE(HttpStatus.UNAVAILABLE),
        NO_SPACE(HttpStatus.NO_SPACE),
        /** A bug of the daemon. */
        INTERNAL(HttpStatus.INTERNAL);

        private final HttpStatus status;

        Kind(HttpStatus status) {
            this.status = status;
        }

        HttpStatus status() {
            return status;
        }

        /** Returns the word for the reason in answers. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Kind kind;

    public ControlException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public ControlException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
