// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Mutations;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Index records and logged batches of any bytes are read or called corrupt. */
final class IndexFuzzTest {
    private static final int ROUNDS = 100_000;
    private static final int KINDS = 3;

    @Test
    void damagedRecordsAreReadOrCorrupt() throws Exception {
        ChunkEntry entry = new ChunkEntry(List.of(
                FrameReference.full(300, 5),
                FrameReference.delta(301, 6, 0xff00L),
                FrameReference.delta(1L << 40, 7, 1)));
        List<byte[]> samples = new ArrayList<>();
        for (int kind = 0; kind < KINDS; kind++) {
            samples.add(Mutations.sample(kind, entry.encode()));
            samples.add(Mutations.sample(kind, new DeadFramesRecord(new int[] {1, 5, 900}).encode()));
            samples.add(Mutations.sample(kind, new byte[] {2, 0, 0, 0, 1, 1, 'k', 3, 'a', 'b', 'c', 0, 2, 'k', 'l'}));
        }
        Mutations.run(samples, ROUNDS, IndexFuzzTest::fuzzerTestOneInput);
    }

    /** The first byte chooses the kind of record. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        Mutations.readSample(input, KINDS, (kind, bytes) -> {
            try {
                read(kind, bytes);
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.CORRUPT, e.kind());
            }
        });
    }

    private static void read(int kind, byte[] bytes) throws VolumeException {
        switch (kind) {
            case 0 -> {
                ChunkEntry entry = ChunkEntry.decode(bytes);
                assertEquals(entry, ChunkEntry.decode(entry.encode()));
            }
            case 1 -> {
                DeadFramesRecord record = DeadFramesRecord.decode(bytes);
                assertEquals(record, DeadFramesRecord.decode(record.encode()));
            }
            default -> {
                byte[] batch = RecordBatch.fromLog(ByteBuffer.wrap(bytes));
                assertArrayEquals(bytes, Arrays.copyOfRange(batch, batch.length - bytes.length, batch.length));
            }
        }
    }
}
