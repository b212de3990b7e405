// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.server.access.UserMapping;

/**
 * Settings of NFS.
 *
 * @param durability the time of answers to changes
 * @param users the mapping of clients' users
 * @param privilegedPorts whether calls from ports above 1023 are refused: on the clients' machines only the superuser
 *     has the others
 */
public record Nfs3Settings(Durability durability, UserMapping users, boolean privilegedPorts) {
    /** Everybody is believed. */
    public static Nfs3Settings of(Durability durability) {
        return new Nfs3Settings(durability, UserMapping.NONE, false);
    }
}
