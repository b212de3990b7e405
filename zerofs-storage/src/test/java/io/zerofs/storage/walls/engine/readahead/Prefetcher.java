// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.engine.readahead;

import io.zerofs.storage.walls.engine.read.Reader;

/** The other half of the circle. */
public final class Prefetcher {
    Reader other;
}
