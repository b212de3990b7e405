// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.storage.commit.CommitId;

/**
 * The size of one commit, and its part that chunks name.
 *
 * @param objectBytes bytes of the object
 * @param liveBytes stored bytes of the frames that chunks name
 * @param liveFrames their number
 */
public record CommitUse(CommitId id, long objectBytes, long liveBytes, long liveFrames) {}
