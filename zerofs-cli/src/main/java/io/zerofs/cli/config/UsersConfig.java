// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.access.UserMapping;

/** As whom a server's clients act. */
public record UsersConfig(
        @Setting(
                value = "Which users become `anon_uid`: `root` those with number 0, `all` everybody.",
                byDefault = "\"none\"")
        UserMapping.Squash squash,

        @Setting(value = "User number of who is squashed.", byDefault = "65534", min = 0, max = Integer.MAX_VALUE)
        int anonUid,

        @Setting(value = "Group number of who is squashed.", byDefault = "65534", min = 0, max = Integer.MAX_VALUE)
        int anonGid) {

    public UserMapping mapping() {
        return new UserMapping(squash, anonUid, anonGid);
    }
}
