// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.commit.CommitId;

/**
 * The size of one commit in the store, and its live part.
 *
 * @param objectBytes bytes of the object
 * @param liveBytes stored bytes of the frames that have not died
 * @param liveFrames number of live frames; a frame of zeros takes no bytes
 * @param lastDeath the newest commit in which one of its frames died; 0 if none did
 */
record CommitSpace(CommitId id, long objectBytes, long liveBytes, int liveFrames, long lastDeath) {
    boolean isDead() {
        return liveFrames == 0;
    }

    long seq() {
        return id.seq();
    }
}
