// SPDX-License-Identifier: AGPL-3.0-only
/** Background rewriting of frames: deltas of one chunk become one frame, live frames leave old commits. */
package io.zerofs.storage.engine.compact;
