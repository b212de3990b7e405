// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/** The procedures of MOUNT version 3 (RFC 1813 §5.2), in the order of their numbers. */
public enum MountProcedure {
    NULL,
    MNT,
    DUMP,
    UMNT,
    UMNTALL,
    EXPORT;

    private static final MountProcedure[] BY_NUMBER = values();

    /** Returns whether a procedure has this number. */
    public static boolean exists(int number) {
        return number >= 0 && number < BY_NUMBER.length;
    }

    /** Returns the procedure of a number that {@link #exists}. */
    public static MountProcedure of(int number) {
        return BY_NUMBER[number];
    }

    public int number() {
        return ordinal();
    }
}
