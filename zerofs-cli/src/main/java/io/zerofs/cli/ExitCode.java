// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

/** The exit codes of the program. A number never changes its meaning; {@code docs/operations.md} has advice for each. */
public enum ExitCode {
    OK(0, "done, or stopped in order by a signal"),
    INTERNAL(1, "an unexpected error: a bug"),
    USAGE(2, "wrong command line"),
    /** The JVM itself exits with this code under {@code -XX:+ExitOnOutOfMemoryError}. */
    OUT_OF_MEMORY(3, "the Java heap was too small"),
    CONFIG(10, "the configuration is missing or wrong"),
    WRONG_PASSWORD(11, "the password does not open the volume"),
    ADDRESS_IN_USE(12, "an address or socket to listen on is taken or not allowed"),
    FENCED(13, "a newer writer owns the volume: do not restart"),
    STORE_UNREADABLE(14, "the store does not answer, or fails"),
    STORE_REFUSED(15, "the store refuses: permissions, or the cause in the message"),
    DAMAGED(16, "an object of the volume is damaged or missing"),
    NO_CONDITIONAL_WRITES(17, "the store cannot refuse to overwrite an object"),
    CACHE_LOCKED(18, "another daemon uses the cache directory for this volume"),
    CACHE_UNUSABLE(19, "the cache directory cannot be written, or its disk is full"),
    NEWER_FORMAT(20, "the volume was written by a newer version of the program"),
    STOP_INCOMPLETE(21, "stopped, but not everything reached the store in time"),
    /** A second signal during a stop. */
    INTERRUPTED(22, "stopped at once by a second signal"),
    WRONG_CREDENTIALS(23, "the store does not accept the credentials, or there are none"),
    NO_BUCKET(24, "the bucket or container does not exist"),
    WRONG_REGION(25, "the bucket is in another region"),
    WRONG_CLOCK(26, "the clock of this machine differs too much from the store's"),
    NO_VOLUME(27, "there is no volume at the URL"),
    /** Commands for a running daemon end with this code and the next one, and a daemon never does. */
    NO_DAEMON(28, "no daemon answers on the control socket, or you may not use it"),
    REFUSED(29, "the daemon refused the command, or it failed"),
    NO_SNAPSHOT(30, "the volume has no snapshot of this name");

    private final int status;
    private final String meaning;

    ExitCode(int status, String meaning) {
        this.status = status;
        this.meaning = meaning;
    }

    public int status() {
        return status;
    }

    public String meaning() {
        return meaning;
    }

    /** Returns whether a supervisor should restart the program: not if a person has to act, because each start claims a term. */
    public boolean restartHelps() {
        return switch (this) {
            case OK,
                    INTERNAL,
                    OUT_OF_MEMORY,
                    ADDRESS_IN_USE,
                    STORE_UNREADABLE,
                    CACHE_LOCKED,
                    CACHE_UNUSABLE,
                    STOP_INCOMPLETE,
                    INTERRUPTED,
                    NO_DAEMON,
                    REFUSED -> true;
            case USAGE,
                    CONFIG,
                    WRONG_PASSWORD,
                    FENCED,
                    STORE_REFUSED,
                    DAMAGED,
                    NO_CONDITIONAL_WRITES,
                    NEWER_FORMAT,
                    WRONG_CREDENTIALS,
                    NO_BUCKET,
                    WRONG_REGION,
                    WRONG_CLOCK,
                    NO_VOLUME,
                    NO_SNAPSHOT -> false;
        };
    }
}
