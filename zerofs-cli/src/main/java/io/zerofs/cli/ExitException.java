// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

/** Ends the program with a code and one line on stderr. The message is for the user: no secrets, no class names. */
final class ExitException extends Exception {
    private final ExitCode code;

    ExitException(ExitCode code, String message) {
        this(code, message, null);
    }

    ExitException(ExitCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    ExitCode code() {
        return code;
    }
}
