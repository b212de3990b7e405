// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

/** The exit statuses of {@code zerofs fsck}: those of e2fsck. {@code docs/operations.md} lists them. */
enum FsckStatus {
    CLEAN(0, "no errors"),
    CORRECTED(1, "errors, which the repair corrected"),
    ERRORS(4, "errors, which are not corrected"),
    FAILED(8, "the check could not be made or not be ended: the message has the cause"),
    USAGE(16, "wrong command line or configuration"),
    CANCELLED(32, "cancelled by a signal");

    private final int status;
    private final String meaning;

    FsckStatus(int status, String meaning) {
        this.status = status;
        this.meaning = meaning;
    }

    int status() {
        return status;
    }

    String meaning() {
        return meaning;
    }

    /** Returns the status for the end of another command with this code. */
    static FsckStatus of(ExitCode code) {
        return switch (code) {
            case OK -> CLEAN;
            case USAGE, CONFIG -> USAGE;
            case DAMAGED -> ERRORS;
            case INTERNAL,
                    OUT_OF_MEMORY,
                    WRONG_PASSWORD,
                    ADDRESS_IN_USE,
                    FENCED,
                    STORE_UNREADABLE,
                    STORE_REFUSED,
                    NO_CONDITIONAL_WRITES,
                    CACHE_LOCKED,
                    CACHE_UNUSABLE,
                    NEWER_FORMAT,
                    STOP_INCOMPLETE,
                    INTERRUPTED,
                    WRONG_CREDENTIALS,
                    NO_BUCKET,
                    WRONG_REGION,
                    WRONG_CLOCK,
                    NO_VOLUME,
                    NO_DAEMON,
                    REFUSED,
                    NO_SNAPSHOT -> FAILED;
        };
    }
}
