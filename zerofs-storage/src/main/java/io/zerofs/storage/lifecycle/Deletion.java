// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.lifecycle;

/**
 * Objects that nothing references any more and that a published manifest announces as being deleted. They leave the list
 * when the store has answered.
 */
public sealed interface Deletion {
    /** Commits of one epoch, both ends included; never fences. */
    record Commits(long epoch, long firstSeq, long lastSeq) implements Deletion {}

    /** Manifests, both ends included; never the newest. */
    record Manifests(long firstVersion, long lastVersion) implements Deletion {}

    /** A table. */
    record Table(TableRef table) implements Deletion {}
}
