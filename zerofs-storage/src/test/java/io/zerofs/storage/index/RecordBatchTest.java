// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.rocksdb.WriteBatch;

final class RecordBatchTest {
    private static ByteBuffer logged(byte[] batch) {
        return ByteBuffer.wrap(batch, RecordBatch.LOG_OFFSET, batch.length - RecordBatch.LOG_OFFSET);
    }

    @Test
    void theBytesAreAsDocumented() {
        RecordBatch batch = new RecordBatch();
        batch.put(new byte[] {1, 2}, new byte[] {3});
        batch.delete(new byte[] {4});
        batch.put(new byte[] {5}, new byte[200]);
        String expected = "0000000000000000" + "03000000" + "01" + "02" + "0102" + "01" + "03" + "00" + "01" + "04"
                + "01" + "01" + "05" + "c801" + "00".repeat(200);
        assertEquals(expected, HexFormat.of().formatHex(batch.toBytes()));
    }

    @Test
    void rocksDbTakesThemForItsOwn() throws Exception {
        Seeds.run(5, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            RecordBatch batch = new RecordBatch();
            RocksIndexTest.loadLibrary();
            try (WriteBatch same = new WriteBatch()) {
                for (int i = 0; i < 50; i++) {
                    byte[] key = new byte[random.nextInt(300)];
                    byte[] value = new byte[random.nextInt(40_000)];
                    random.nextBytes(key);
                    random.nextBytes(value);
                    if (random.nextInt(4) == 0) {
                        batch.delete(key);
                        same.delete(key);
                    } else {
                        batch.put(key, value);
                        same.put(key, value);
                    }
                }
                assertArrayEquals(same.data(), batch.toBytes());
            }
        });
    }

    @Test
    void loggedRecordsComeBackWhole() throws Exception {
        RecordBatch batch = new RecordBatch();
        assertTrue(batch.isEmpty());
        batch.put(new byte[300], new byte[70_000]);
        batch.delete(new byte[0]);
        assertArrayEquals(batch.toBytes(), RecordBatch.fromLog(logged(batch.toBytes())));
    }

    @Test
    void aMalformedBatchIsRefusedWhole() throws Exception {
        Seeds.run(200, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            RecordBatch batch = new RecordBatch();
            batch.put(new byte[] {1, 2}, new byte[3]);
            batch.delete(new byte[] {4});
            byte[] bytes = batch.toBytes();
            int cut = RecordBatch.LOG_OFFSET + random.nextInt(bytes.length - RecordBatch.LOG_OFFSET);
            ByteBuffer truncated = ByteBuffer.wrap(bytes, RecordBatch.LOG_OFFSET, cut - RecordBatch.LOG_OFFSET);
            assertRefused(truncated);
            byte[] longer = new byte[bytes.length + 1 + random.nextInt(9)];
            System.arraycopy(bytes, 0, longer, 0, bytes.length);
            assertRefused(logged(longer));
            byte[] noise = new byte[RecordBatch.LOG_OFFSET + 4 + random.nextInt(30)];
            random.nextBytes(noise);
            noise[RecordBatch.LOG_OFFSET + 3] |= 0x10;
            assertRefused(logged(noise));
        });
    }

    private static void assertRefused(ByteBuffer logged) {
        assertEquals(
                VolumeException.Kind.CORRUPT,
                assertThrows(VolumeException.class, () -> RecordBatch.fromLog(logged))
                        .kind());
    }
}
