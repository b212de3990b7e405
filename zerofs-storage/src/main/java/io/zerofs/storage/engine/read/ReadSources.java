// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.cache.DamageLog;
import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.PageFetcher;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.DeltaMap;
import io.zerofs.storage.commit.FrameTable;
import java.nio.ByteBuffer;

/** The collaborators that reads and read-ahead share. */
public record ReadSources(PageCache pages, PageFetcher fetcher, CommitReader reader, DamageLog damage) {
    DeltaMap openMap(FrameTable table, int slot, ByteBuffer plain) throws VolumeException {
        try {
            return reader.openMap(table, slot, plain);
        } catch (CorruptObjectException e) {
            throw damage.report(e);
        }
    }
}
