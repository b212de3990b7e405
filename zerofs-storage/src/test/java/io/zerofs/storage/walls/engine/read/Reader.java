// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.engine.read;

import io.zerofs.storage.walls.engine.readahead.Prefetcher;

/** One half of a circle. */
public final class Reader {
    Prefetcher other;
}
