// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.server.access.UserMapping;

/**
 * Settings of NFS.
 *
 * @param durability the time of replies to changes
 * @param users the mapping of clients' users
 * @param privilegedPorts whether the server refuses calls from ports above 1023; only the superuser of a client's
 *     machine can use the lower ones
 */
public record Nfs3Settings(Durability durability, UserMapping users, boolean privilegedPorts) {
    /** Returns settings that trust every client. */
    public static Nfs3Settings of(Durability durability) {
        return new Nfs3Settings(durability, UserMapping.NONE, false);
    }
}
