// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import io.zerofs.storage.seal.Salt;

/**
 * A named state of the volume: a manifest and its log. It pins that manifest, its tables and its commits.
 *
 * @param manifestVersion the manifest that is the state
 * @param manifestSalt its salt, so that no other manifest can replace it
 * @param cutSeq the last commit that belongs to it
 * @param createdAtMillis milliseconds since 1970
 */
public record Snapshot(String name, long manifestVersion, Salt manifestSalt, long cutSeq, long createdAtMillis) {}
