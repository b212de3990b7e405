// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Who asks: numeric user, group and supplementary groups, all unsigned 32-bit. Uid 0 passes every permission check.
 * Immutable; the array must not be changed after it was handed over.
 */
public record Credentials(int uid, int gid, int... groups) {
    public static final Credentials ROOT = new Credentials(0, 0);

    public boolean isSuperuser() {
        return uid == 0;
    }

    /** Whether the primary or a supplementary group is this one. */
    public boolean isMember(int group) {
        if (gid == group) {
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
