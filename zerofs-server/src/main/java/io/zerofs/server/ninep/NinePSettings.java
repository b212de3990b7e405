// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.net.Shares;

/**
 * Limits of the 9P server.
 *
 * @param messageBytesMax largest message (msize) that a client may negotiate, 4 KiB to 10 MiB
 * @param fidsMax fids of usual size over all connections: unopened and with a name of up to 64 bytes. Linux with
 *     {@code cache=loose} keeps one for each file that it remembers.
 * @param locksMax byte-range locks over all connections
 * @param waitingLocksMax lock requests of one connection that wait at once. The server answers further ones with BLOCKED,
 *     and the client tries again. Each counts as a request in flight.
 * @param lockWaitSeconds seconds that a lock request waits before the server answers BLOCKED. After that Linux waits by
 *     itself (30 s, or the mount option locktimeout), and only then notices signals, also of timers. So a long wait here
 *     makes timers late. With a short one, a lock that another client holds for some seconds comes late.
 * @param clientShare part of fids, locks and extended attributes that one client can have; see {@link Shares}
 */
public record NinePSettings(
        int messageBytesMax, int fidsMax, int locksMax, int waitingLocksMax, int lockWaitSeconds, double clientShare) {
    /** Bytes of memory of a fid of usual size. */
    public static final long FID_BYTES = 320;

    /** Maximum bytes of extended attributes in fids, over all connections. */
    static final long XATTR_BYTES_MAX = 16 << 20;

    /** The largest message in bytes that any setting allows. */
    public static final int MESSAGE_BYTES_LIMIT = 10 << 20;

    /** The smallest msize in bytes that a client may negotiate, and the limit before Tversion. Linux asks for no less. */
    public static final int MESSAGE_BYTES_MIN = 4_096;

    public static final NinePSettings DEFAULT =
            new NinePSettings(MESSAGE_BYTES_LIMIT, 1 << 20, 1 << 16, 64, 3, ServerSettings.CLIENT_SHARE);

    public NinePSettings {
        require(
                messageBytesMax >= MESSAGE_BYTES_MIN && messageBytesMax <= MESSAGE_BYTES_LIMIT,
                "messageBytesMax",
                messageBytesMax);
        require(fidsMax >= 1, "fidsMax", fidsMax);
        require(locksMax >= 1, "locksMax", locksMax);
        require(waitingLocksMax >= 0, "waitingLocksMax", waitingLocksMax);
        require(lockWaitSeconds >= 1, "lockWaitSeconds", lockWaitSeconds);
        if (!(clientShare > 0 && clientShare <= 1)) {
            throw new IllegalArgumentException("clientShare is out of range: " + clientShare);
        }
    }

    /** Returns the same settings with another limit on the size of messages. */
    public NinePSettings withMessageBytesMax(int other) {
        return new NinePSettings(other, fidsMax, locksMax, waitingLocksMax, lockWaitSeconds, clientShare);
    }

    /** Returns the same settings with another limit on fids. */
    public NinePSettings withFidsMax(int other) {
        return new NinePSettings(messageBytesMax, other, locksMax, waitingLocksMax, lockWaitSeconds, clientShare);
    }

    /** Returns the same settings with another limit on locks. */
    public NinePSettings withLocksMax(int other) {
        return new NinePSettings(messageBytesMax, fidsMax, other, waitingLocksMax, lockWaitSeconds, clientShare);
    }

    /** Returns the same settings with other limits on waiting locks. */
    public NinePSettings withWaitingLocks(int max, int seconds) {
        return new NinePSettings(messageBytesMax, fidsMax, locksMax, max, seconds, clientShare);
    }

    /** Returns the same settings with another share of a client. */
    public NinePSettings withClientShare(double other) {
        return new NinePSettings(messageBytesMax, fidsMax, locksMax, waitingLocksMax, lockWaitSeconds, other);
    }

    private static void require(boolean holds, String name, int value) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is out of range: " + value);
        }
    }
}
