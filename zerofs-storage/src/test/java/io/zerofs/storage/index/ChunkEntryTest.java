// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Values that the engine keeps in the index. */
final class ChunkEntryTest {
    @Test
    void theBytesOfAnEntryAreAsDocumented() throws Exception {
        ChunkEntry entry =
                new ChunkEntry(List.of(FrameReference.full(5, 3), FrameReference.delta(300, 0, 0x8000000000000001L)));
        assertEquals(
                "07" + "05" + "00" + "ac02" + "8000000000000001", HexFormat.of().formatHex(entry.encode()));
        assertEquals(entry, ChunkEntry.decode(entry.encode()));
    }

    @Test
    void theBytesOfADeathRecordAreAsDocumented() throws Exception {
        DeadFramesRecord record = new DeadFramesRecord(new int[] {0, 3, 400});
        assertEquals("00" + "03" + "8d03", HexFormat.of().formatHex(record.encode()));
        assertEquals(record, DeadFramesRecord.decode(record.encode()));
    }

    @Test
    void keysHaveTheirFieldsInOrder() {
        assertEquals(
                "80" + "0000000000000001" + "00000000000000ff", HexFormat.of().formatHex(IndexKeys.chunk(1, 255)));
        assertEquals("81" + "0000000000000002" + "00000040", HexFormat.of().formatHex(IndexKeys.frames(2, 64)));
        assertEquals(
                "82" + "0000000000000003" + "0000000000000004", HexFormat.of().formatHex(IndexKeys.deadFrames(3, 4)));
        assertEquals(255, IndexKeys.chunkIndex(IndexKeys.chunk(1, 255)));
    }

    @Test
    void anyEntryComesBackAsItWas() throws Exception {
        assertSame(ChunkEntry.HOLE, ChunkEntry.decode(null));
        Seeds.run(50, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            List<FrameReference> frames = new ArrayList<>();
            frames.add(FrameReference.full(1 + random.nextLong(1L << 60), random.nextInt(1 << 18)));
            for (int i = 0; i < random.nextInt(40); i++) {
                long seq = 1 + (random.nextLong() >>> 1 + random.nextInt(62));
                frames.add(FrameReference.delta(seq, random.nextInt(1 << 18), random.nextLong()));
            }
            ChunkEntry entry = new ChunkEntry(frames);
            assertEquals(entry, ChunkEntry.decode(entry.encode()));
            TreeSet<Integer> slots = new TreeSet<>();
            for (int i = 0; i < 1 + random.nextInt(300); i++) {
                slots.add(random.nextInt(1 << random.nextInt(1, 19)));
            }
            DeadFramesRecord deadFrames =
                    new DeadFramesRecord(slots.stream().mapToInt(slot -> slot).toArray());
            assertEquals(deadFrames, DeadFramesRecord.decode(deadFrames.encode()));
        });
    }

    @Test
    void noiseIsRefusedOrReadButNeverCrashes() throws Exception {
        Seeds.run(500, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] noise = new byte[random.nextInt(60)];
            random.nextBytes(noise);
            try {
                ChunkEntry.decode(noise);
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.CORRUPT, e.kind());
            }
            try {
                DeadFramesRecord.decode(noise);
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.CORRUPT, e.kind());
            }
        });
    }

    @Test
    void onlyTheFirstFrameIsFull() {
        byte[] twoFulls = {3, 5, 3, 6};
        assertThrows(VolumeException.class, () -> ChunkEntry.decode(twoFulls));
        byte[] deltaFirst = {2, 5, 0, 0, 0, 0, 0, 0, 0, 1};
        assertThrows(VolumeException.class, () -> ChunkEntry.decode(deltaFirst));
    }
}
