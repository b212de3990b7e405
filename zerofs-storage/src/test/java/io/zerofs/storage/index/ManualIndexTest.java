// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flushes and compactions of an index that a simulation decides about. */
final class ManualIndexTest {
    /** As many tables as make RocksDB compact by itself. */
    private static final int TABLES = 12;

    @TempDir
    Path directory;

    private RocksIndex index;

    @BeforeEach
    void open() throws Exception {
        RocksTuning tuning = new RocksTuning(8 << 20, 1 << 20, 4, 1).withoutAutomaticWork();
        index = RocksIndex.open(directory.resolve("db"), Path.of("target", "native"), tuning);
    }

    @AfterEach
    void close() {
        index.close();
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    private void put(int key, int bytes) throws VolumeException {
        byte[] value = new byte[bytes];
        new SplittableRandom(key).nextBytes(value);
        RecordBatch batch = new RecordBatch();
        batch.put(key(key), value);
        index.write(batch.toBytes());
    }

    private List<Path> tables() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("db"))) {
            return files.filter(file -> file.toString().endsWith(".sst")).toList();
        }
    }

    /** Otherwise a buffer of this tuning has a mebibyte, and the index refuses writes while two of them wait for the disk. */
    @Test
    void memoryIsWrittenOnlyWhenAsked() throws Exception {
        for (int i = 0; i < 64; i++) {
            put(i, 256 << 10);
        }
        assertEquals(0, index.property("rocksdb.num-immutable-mem-table"));
        assertEquals(List.of(), tables());
        index.flush();
        assertEquals(1, tables().size());
        assertEquals(0, index.property("rocksdb.num-entries-active-mem-table"));
        assertEquals(256 << 10, index.get(key(63)).length);
    }

    @Test
    void tablesAreCompactedOnlyWhenAsked() throws Exception {
        for (int i = 0; i < TABLES; i++) {
            put(i, 1000);
            put(1000, 1000 + i);
            index.flush();
        }
        assertEquals(TABLES, tables().size());
        index.compact();
        assertEquals(1, tables().size());
        assertEquals(1000 + TABLES - 1, index.get(key(1000)).length);
        assertNotNull(index.get(key(0)));
    }
}
