// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * The caller: numeric user, group and supplementary groups, all unsigned 32-bit. Uid 0 passes every permission check.
 * Immutable; the array must not be changed after it was handed over. {@link #NO_ID} becomes {@link #NOBODY}.
 *
 * @param groups supplementary groups; null if the protocol does not name them (see {@link #ofUser})
 */
public record Credentials(int uid, int gid, int... groups) {
    /** No user or group: no caller has it, and no file belongs to it, because for chown(2) it means "unchanged". */
    public static final int NO_ID = -1;

    /** The user and group number of anonymous callers. */
    public static final int NOBODY = 65_534;

    public static final Credentials ROOT = new Credentials(0, 0);

    public Credentials {
        uid = uid == NO_ID ? NOBODY : uid;
        gid = gid == NO_ID ? NOBODY : gid;
    }

    /**
     * A user whose groups only the client knows and checks (9P names a user, never groups). It counts as a member of
     * every group where membership is demanded, and gets the better of the bits for group and others.
     *
     * @param gid group of what it creates
     */
    public static Credentials ofUser(int uid, int gid) {
        return new Credentials(uid, gid, (int[]) null);
    }

    /**
     * The three permission bits of {@code mode} that apply to this caller by its class: owner, group or others. Knows
     * nothing of the superuser's rights.
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

    /** With other numbers for its groups, the first one and all others. */
    public Credentials withGroups(IntUnaryOperator mapping) {
        int[] mapped =
                groups == null ? null : Arrays.stream(groups).map(mapping).toArray();
        return new Credentials(uid, mapping.applyAsInt(gid), mapped);
    }

    public boolean isSuperuser() {
        return uid == 0;
    }

    /** Whether the primary or a supplementary group is this one, or may be. */
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
