// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import io.zerofs.storage.seal.Salt;
import java.util.Arrays;
import java.util.List;

/**
 * A published state of the database. It may hold any part of the operations up to {@code replayTo}. So it is valid only
 * with the log from {@code replayFrom} through {@code replayTo}.
 *
 * @param replayFrom first commit that a replay needs
 * @param replayTo last commit that the state needs to be valid; a replay continues to the end of the log
 * @param anchor the salt of commit {@code replayFrom - 1}, which the first replayed commit names as its predecessor
 * @param rocksManifestName RocksDB's own MANIFEST file; empty while there is no database yet
 * @param rocksManifest its content; must not be changed
 */
public record CheckpointState(
        long replayFrom,
        long replayTo,
        Salt anchor,
        String rocksManifestName,
        byte[] rocksManifest,
        List<TableReference> tables) {
    /** The state before the first checkpoint: everything is in the log. */
    static final CheckpointState EMPTY = new CheckpointState(1, 0, Salt.NONE, "", new byte[0], List.of());

    public CheckpointState {
        if (replayFrom < 1 || replayTo < replayFrom - 1) {
            throw new IllegalArgumentException("impossible range of the log");
        }
        tables = List.copyOf(tables);
    }

    public boolean hasDatabase() {
        return !rocksManifestName.isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CheckpointState state
                && replayFrom == state.replayFrom
                && replayTo == state.replayTo
                && anchor.equals(state.anchor)
                && rocksManifestName.equals(state.rocksManifestName)
                && Arrays.equals(rocksManifest, state.rocksManifest)
                && tables.equals(state.tables);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(replayFrom) * 31 + Long.hashCode(replayTo);
    }

    @Override
    public String toString() {
        return "CheckpointState(replay " + replayFrom + " to " + replayTo + ", " + tables.size() + " tables)";
    }
}
