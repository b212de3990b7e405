// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.server.access.UserMapping;

/** Mapping of the users that clients state to users of the file system. */
public record UsersConfig(
        @Setting(
                value = "Users that become `anon_uid`: `root` maps user 0, `all` maps every user.",
                byDefault = "\"none\"")
        UserMapping.Squash squash,

        @Setting(
                value = "User number of squashed users.",
                byDefault = "" + Credentials.NOBODY,
                min = 0,
                max = Integer.MAX_VALUE)
        int anonUid,

        @Setting(
                value = "Group number of squashed users.",
                byDefault = "" + Credentials.NOBODY,
                min = 0,
                max = Integer.MAX_VALUE)
        int anonGid) {

    public UserMapping mapping() {
        return new UserMapping(squash, anonUid, anonGid);
    }
}
