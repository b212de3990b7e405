// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.random.Mutations;
import io.zerofs.core.vfs.FileName;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Records of any bytes are read, and then written as the same bytes mean, or refused as malformed. */
final class RecordFuzzTest {
    private static final int ROUNDS = 100_000;
    private static final int KINDS = 7;

    @Test
    void damagedRecordsAreReadOrRefused() throws Exception {
        GoldenBytes golden = GoldenBytes.load("records.hex");
        List<byte[]> samples = new ArrayList<>();
        for (String name : golden.names()) {
            if (!name.startsWith("key ")) {
                byte[] record = golden.get(name);
                for (int kind = 0; kind < KINDS; kind++) {
                    byte[] sample = new byte[1 + record.length];
                    sample[0] = (byte) kind;
                    System.arraycopy(record, 0, sample, 1, record.length);
                    samples.add(sample);
                }
            }
        }
        Mutations.run(samples, ROUNDS, RecordFuzzTest::fuzzerTestOneInput);
    }

    /** The first byte chooses the kind of record. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        Mutations.readSample(input, KINDS, (kind, record) -> {
            try {
                readAgain(kind, record);
            } catch (RecordFormatException e) {
                // The contract.
            }
        });
    }

    private static void readAgain(int kind, byte[] record) throws Exception {
        FileName name = FileName.of("name");
        switch (kind) {
            case 0 -> {
                byte[] written = InodeCodec.encode(InodeCodec.decode(7, record));
                assertArrayEquals(written, InodeCodec.encode(InodeCodec.decode(7, written)));
            }
            case 1 -> {
                EntryRecord entry = EntryRecord.decodeByName(name, record);
                assertEquals(entry, EntryRecord.decodeByName(name, entry.encodeByName()));
            }
            case 2 -> {
                EntryRecord entry = EntryRecord.decodeByCookie(9, record);
                assertEquals(entry, EntryRecord.decodeByCookie(9, entry.encodeByCookie()));
            }
            case 3 -> {
                Counters counters = Counters.decode(record);
                assertEquals(counters, Counters.decode(counters.encode()));
            }
            case 4 -> {
                Superblock superblock = Superblock.decode(record);
                assertEquals(superblock, Superblock.decode(superblock.encode()));
            }
            case 5 -> {
                long end = SmallRecords.tombstoneEnd(record);
                assertEquals(end, SmallRecords.tombstoneEnd(SmallRecords.tombstone(end)));
            }
            default ->
                assertArrayEquals(
                        SmallRecords.xattrValue(record),
                        SmallRecords.xattrValue(SmallRecords.xattr(SmallRecords.xattrValue(record))));
        }
    }
}
