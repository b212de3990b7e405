// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

/** The same with caches that lose records all the time. */
final class ConcurrencyWithSmallCacheTest extends ConcurrencyTest {
    @Override
    protected int cachedRecords() {
        return 8;
    }
}
