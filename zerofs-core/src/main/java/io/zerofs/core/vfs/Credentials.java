// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * The caller: numeric user, group and supplementary groups, all unsigned 32-bit. Uid 0 passes every permission check.
 * Immutable; do not change the array after you pass it. {@link #NO_ID} becomes {@link #NOBODY}.
 *
 * @param groups supplementary groups; null if the protocol does not name them (see {@link #ofUser})
 */
public record Credentials(int uid, int gid, int... groups) {
    /** No user or group. No caller has it, and no file belongs to it, because in chown(2) it means "unchanged". */
    public static final int NO_ID = -1;

    /** The user and group number of anonymous callers. */
    public static final int NOBODY = 65_534;

    public static final Credentials ROOT = new Credentials(0, 0);

    public Credentials {
        uid = uid == NO_ID ? NOBODY : uid;
        gid = gid == NO_ID ? NOBODY : gid;
    }

    /**
     * Returns a user whose groups only the client knows and checks (9P names a user, never groups). It counts as a
     * member of every group that an operation requires. It has the permission bits of the group and those of others
     * together.
     *
     * @param gid group of the files that it creates
     */
    public static Credentials ofUser(int uid, int gid) {
        return new Credentials(uid, gid, (int[]) null);
    }

    /**
     * Returns the three permission bits of {@code mode} that apply to this caller by its class: owner, group or others.
     * Ignores the rights of the superuser.
     */
    public int classBits(int mode, int owner, int group) {
        if (uid == owner) {
            return mode >> 6 & 7;
        }
        if (groups == null) {
            return (mode >> 3 | mode) & 7;
        }
        return (isMember(group) ? mode >> 3 : mode) & 7;
    }

    /** Returns the caller with other numbers for its groups, the first one and all others. */
    public Credentials withGroups(IntUnaryOperator mapping) {
        int[] mapped =
                groups == null ? null : Arrays.stream(groups).map(mapping).toArray();
        return new Credentials(uid, mapping.applyAsInt(gid), mapped);
    }

    public boolean isSuperuser() {
        return uid == 0;
    }

    /** Returns whether the caller has this group as its primary or a supplementary group, or may have it. */
    public boolean isMember(int group) {
        if (gid == group || groups == null) {
            return true;
        }
        for (int each : groups) {
            if (each == group) {
                return true;
            }
        }
        return false;
    }
}
