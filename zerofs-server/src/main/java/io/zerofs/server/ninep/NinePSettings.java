// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

/**
 * Limits of the 9P server.
 *
 * @param messageBytesMax largest message (msize) that a client may negotiate, 4 KiB to 10 MiB
 * @param fidsMax fids over all connections. Linux with {@code cache=loose} keeps one for each file it remembers.
 * @param locksMax byte-range locks over all connections
 * @param waitingLocksMax lock requests of one connection that wait at once; further ones are answered with BLOCKED, and
 *     the client tries again. Each counts as a request in flight.
 * @param lockWaitSeconds how long a lock request waits before it is answered with BLOCKED. Linux notices signals, timers
 *     among them, only before and after, when it waits by itself (30 s, or the mount option locktimeout).
 */
public record NinePSettings(int messageBytesMax, int fidsMax, int locksMax, int waitingLocksMax, int lockWaitSeconds) {
    /** The largest message that any setting allows. */
    public static final int MESSAGE_BYTES_LIMIT = 10 << 20;

    /** The smallest message size that a client may negotiate; Linux asks for no less. */
    public static final int MESSAGE_BYTES_MIN = 4_096;

    public static final NinePSettings DEFAULT = new NinePSettings(MESSAGE_BYTES_LIMIT, 1 << 20, 1 << 16, 64, 1);

    public NinePSettings {
        require(
                messageBytesMax >= MESSAGE_BYTES_MIN && messageBytesMax <= MESSAGE_BYTES_LIMIT,
                "messageBytesMax",
                messageBytesMax);
        require(fidsMax >= 1, "fidsMax", fidsMax);
        require(locksMax >= 1, "locksMax", locksMax);
        require(waitingLocksMax >= 0, "waitingLocksMax", waitingLocksMax);
        require(lockWaitSeconds >= 1, "lockWaitSeconds", lockWaitSeconds);
    }

    /** The same with another limit on fids. */
    public NinePSettings withFidsMax(int other) {
        return new NinePSettings(messageBytesMax, other, locksMax, waitingLocksMax, lockWaitSeconds);
    }

    private static void require(boolean holds, String name, int value) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is out of range: " + value);
        }
    }
}
