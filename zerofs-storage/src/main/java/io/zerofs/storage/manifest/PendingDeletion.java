// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

/**
 * Objects without a reference whose deletion a published manifest announces. They leave the list when the store has
 * answered.
 */
public sealed interface PendingDeletion {
    /** Commits of one epoch, both ends included; never fences. */
    record Commits(long epoch, long firstSeq, long lastSeq) implements PendingDeletion {}

    /** Manifests, both ends included; never the newest. */
    record Manifests(long firstVersion, long lastVersion) implements PendingDeletion {}

    /** A table. */
    record Table(TableReference table) implements PendingDeletion {}
}
