// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/**
 * sattr3 (RFC 1813 §2.6): attributes to set; a null component keeps the attribute.
 *
 * @param mode permission bits
 * @param uid owner, unsigned
 * @param gid group, unsigned
 * @param size bytes, unsigned
 * @param accessed change of atime
 * @param modified change of mtime
 */
public record Sattr3(Integer mode, Integer uid, Integer gid, Long size, SetTime accessed, SetTime modified) {
    public static final Sattr3 NONE = new Sattr3(null, null, null, null, SetTime.DONT_CHANGE, SetTime.DONT_CHANGE);

    /**
     * set_atime, set_mtime.
     *
     * @param how in the order of the numbers
     * @param time with {@link How#CLIENT_TIME} only, else null
     */
    public record SetTime(How how, NfsTime3 time) {
        public static final SetTime DONT_CHANGE = new SetTime(How.DONT_CHANGE, null);
        public static final SetTime SERVER_TIME = new SetTime(How.SERVER_TIME, null);

        /** time_how. */
        public enum How {
            DONT_CHANGE,
            SERVER_TIME,
            CLIENT_TIME
        }

        static SetTime read(XdrReader in) throws MalformedMessageException {
            int how = in.readInt();
            return switch (how) {
                case 0 -> DONT_CHANGE;
                case 1 -> SERVER_TIME;
                case 2 -> new SetTime(How.CLIENT_TIME, NfsTime3.read(in));
                default -> throw new MalformedMessageException("time_how " + Integer.toUnsignedString(how));
            };
        }
    }

    static Sattr3 read(XdrReader in) throws MalformedMessageException {
        return new Sattr3(
                in.readBoolean() ? in.readInt() : null,
                in.readBoolean() ? in.readInt() : null,
                in.readBoolean() ? in.readInt() : null,
                in.readBoolean() ? in.readLong() : null,
                SetTime.read(in),
                SetTime.read(in));
    }
}
