// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.nio.file.Path;

/**
 * A recovered volume before it serves: the log is replayed, older writers are fenced, and the manifest records this.
 *
 * @param epoch the term of this writer
 * @param lastSeq the last commit of the log; the first own one gets the next seq
 * @param lastSalt the salt of that commit; {@link Salt#NONE} if there is none
 * @param index holds everything through {@code lastSeq}
 * @param directory the volume's local directory; the engine may make subdirectories for caches
 * @param release closed last, once: releases keys, lock file and directory; does not close store or index
 */
public record RecoveredVolume(
        long epoch,
        long lastSeq,
        Salt lastSalt,
        ObjectStore store,
        ObjectKeys keys,
        RocksIndex index,
        Path directory,
        AutoCloseable release) {
    /** Returns the same volume with a user of its resources that must be closed before they are released. */
    public RecoveredVolume closingFirst(AutoCloseable user) {
        return new RecoveredVolume(epoch, lastSeq, lastSalt, store, keys, index, directory, () -> {
            try (AutoCloseable last = release) {
                user.close();
            }
        });
    }
}
