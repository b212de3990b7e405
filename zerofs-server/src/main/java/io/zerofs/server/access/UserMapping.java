// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import io.zerofs.core.vfs.Credentials;

/**
 * As whom clients act that claim to be somebody.
 *
 * @param squash who loses what it claims
 * @param anonUid user number of who does
 * @param anonGid its only group
 */
public record UserMapping(Squash squash, int anonUid, int anonGid) {
    /** Everybody is believed. */
    public static final UserMapping NONE = new UserMapping(Squash.NONE, Credentials.NOBODY, Credentials.NOBODY);

    /** The users whose stated number is replaced. */
    public enum Squash {
        NONE,
        /** User 0, and group 0 of anybody. */
        ROOT,
        ALL
    }

    public Credentials apply(Credentials who) {
        if (squash == Squash.ALL || squash == Squash.ROOT && who.isSuperuser()) {
            return new Credentials(anonUid, anonGid);
        }
        return who.withGroups(this::group);
    }

    private int group(int gid) {
        return squash == Squash.ROOT && gid == 0 ? anonGid : gid;
    }
}
