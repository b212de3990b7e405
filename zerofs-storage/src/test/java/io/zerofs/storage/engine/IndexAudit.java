// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameKind;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.DeadFramesRecord;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Checks the rules of an index while no data is only in memory. Exactly one chunk entry names each frame of each
 * commit, or the frame is dead exactly once. Closed frames are neither, and each name fits the role of its frame.
 */
final class IndexAudit {
    private record Slot(long seq, int number) {}

    private IndexAudit() {}

    static void check(RocksIndex index) throws Exception {
        Map<Slot, FrameKind> frames = frames(index);
        Set<Slot> dead = deadFrames(index);
        Set<Slot> live = new HashSet<>();
        try (Cursor cursor = scan(index, IndexKeys.CHUNK)) {
            while (cursor.next()) {
                ChunkEntry entry = ChunkEntry.decode(cursor.value());
                assertFalse(entry.isHole(), "a hole has no record");
                for (FrameReference frame : entry.frames()) {
                    Slot slot = new Slot(frame.seq(), frame.slot());
                    assertTrue(live.add(slot), () -> slot + " is named twice");
                    assertEquals(frame.full() ? FrameKind.FULL : FrameKind.DELTA, frames.get(slot), slot::toString);
                }
            }
        }
        for (Map.Entry<Slot, FrameKind> frame : frames.entrySet()) {
            boolean closed = frame.getValue() == FrameKind.CLOSED;
            boolean isLive = live.contains(frame.getKey());
            boolean isDead = dead.contains(frame.getKey());
            assertEquals(
                    closed ? 0 : 1,
                    (isLive ? 1 : 0) + (isDead ? 1 : 0),
                    () -> frame + " live " + isLive + ", dead " + isDead);
        }
        assertTrue(frames.keySet().containsAll(dead), "a death of what never was");
    }

    private static Map<Slot, FrameKind> frames(RocksIndex index) throws Exception {
        Map<Slot, FrameKind> frames = new HashMap<>();
        try (Cursor cursor = scan(index, IndexKeys.FRAMES)) {
            while (cursor.next()) {
                FrameTable table = FrameTable.decode(cursor.value(), "index");
                for (Frame frame : table.frames()) {
                    frames.put(new Slot(table.commit().seq(), frame.slot()), frame.kind());
                }
            }
        }
        return frames;
    }

    private static Set<Slot> deadFrames(RocksIndex index) throws Exception {
        Set<Slot> dead = new HashSet<>();
        try (Cursor cursor = scan(index, IndexKeys.DEATHS)) {
            while (cursor.next()) {
                long victim = ByteBuffer.wrap(cursor.key()).getLong(1);
                for (int slot : DeadFramesRecord.decode(cursor.value()).slots()) {
                    assertTrue(dead.add(new Slot(victim, slot)), "a frame died twice");
                }
            }
        }
        return dead;
    }

    private static Cursor scan(RocksIndex index, byte kind) throws Exception {
        return index.scan(new KeyRange(new byte[] {kind}, IndexKeys.kindEnd(kind)), false);
    }
}
