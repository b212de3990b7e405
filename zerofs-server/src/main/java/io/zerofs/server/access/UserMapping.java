// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import io.zerofs.core.vfs.Credentials;

/**
 * The users and groups as which clients act, depending on their claims.
 *
 * @param squash users whose claim is replaced
 * @param anonUid user number in place of a claim
 * @param anonGid group number in place of a claim; the only group of a replaced user
 */
public record UserMapping(Squash squash, int anonUid, int anonGid) {
    /** Accepts all claims. */
    public static final UserMapping NONE = new UserMapping(Squash.NONE, Credentials.NOBODY, Credentials.NOBODY);

    /** The users whose claimed number is replaced. */
    public enum Squash {
        NONE,
        /** User 0, and group 0 of every user. */
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
