// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.InodeContent.TruncatedTail;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.golden.PinnedFormats;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.KeyRange;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The bytes of docs/storage-format-records.md: keys, records, and the bytes that readers refuse. */
final class RecordFormatTest {
    private static final long INODE = 0x0123_4567_89abL;
    private static final InodeRecord.Times TIMES = new InodeRecord.Times(
            new Timestamp(1, 2), new Timestamp(-1, 999_999_999), new Timestamp(0x1_0000_0000L, 3), new Timestamp(4, 5));

    private static InodeRecord inode(FileKind kind, InodeContent content) {
        return new InodeRecord(new InodeId(INODE, 300), kind, 04755, 2, 1000, 0xffff_fffe, 19, TIMES, content);
    }

    private static Map<String, InodeRecord> inodes() {
        Map<String, InodeRecord> inodes = new LinkedHashMap<>();
        inodes.put("inode regular", inode(FileKind.REGULAR, new InodeContent.File(300_000, 2, null, null)));
        inodes.put(
                "inode regular exclusive shrunk",
                inode(FileKind.REGULAR, new InodeContent.File(-1, 1L << 45, 0x1122334455667788L, tail())));
        TruncatedTail counted = new TruncatedTail(7, 1L << 40, 2, 300);
        inodes.put(
                "inode regular counted", inode(FileKind.REGULAR, new InodeContent.File(300_000, 302, null, counted)));
        inodes.put("inode directory", inode(FileKind.DIRECTORY, new InodeContent.Directory(1, 1000, 997)));
        inodes.put("inode symlink", inode(FileKind.SYMLINK, new InodeContent.Symlink("../x".getBytes(UTF_8))));
        inodes.put("inode fifo", inode(FileKind.FIFO, InodeContent.None.INSTANCE));
        inodes.put("inode socket", inode(FileKind.SOCKET, InodeContent.None.INSTANCE));
        DeviceNumber number = new DeviceNumber(8, -1);
        inodes.put("inode character device", inode(FileKind.CHARACTER_DEVICE, new InodeContent.Device(number)));
        inodes.put("inode block device", inode(FileKind.BLOCK_DEVICE, new InodeContent.Device(number)));
        return inodes;
    }

    private static TruncatedTail tail() {
        return new TruncatedTail(7, 1L << 40, 2, 0);
    }

    private static Map<String, byte[]> encoded() throws Exception {
        FileName name = FileName.of(new byte[] {'n', (byte) 0xff});
        EntryRecord entry = new EntryRecord(name, 130, INODE, FileKind.SYMLINK);
        Map<String, byte[]> bytes = new LinkedHashMap<>();
        bytes.put("key superblock", Keys.superblock());
        bytes.put("key counters", Keys.counters());
        bytes.put("key secret", Keys.secret());
        bytes.put("key inode", Keys.inode(INODE));
        bytes.put("key entry", Keys.entry(INODE, name));
        bytes.put("key listing", Keys.listing(INODE, 130));
        bytes.put("key xattr", Keys.xattr(INODE, name));
        bytes.put("key orphan", Keys.orphan(INODE));
        bytes.put("key tombstone", Keys.tombstone(INODE));
        bytes.put("key rewritten", Keys.rewritten(INODE, 1L << 40));
        bytes.put("superblock", new Superblock(new Timestamp(0x6775_9f00L, 1)).encode());
        bytes.put("counters", new Counters(INODE, 1L << 40, 127, 300).encode());
        bytes.put("counters uncounted", new Counters(INODE, 1L << 40, 127, Counters.UNCOUNTED).encode());
        inodes().forEach((key, inode) -> bytes.put(key, InodeCodec.encode(inode)));
        bytes.put("entry by name", entry.encodeByName());
        bytes.put("entry by cookie", entry.encodeByCookie());
        bytes.put("xattr", SmallRecords.xattr(new byte[] {0, 'v'}));
        bytes.put("secret", SmallRecords.secretRecord(new byte[32]));
        bytes.put("orphan", SmallRecords.orphan());
        bytes.put("tombstone", SmallRecords.tombstone(1L << 46));
        bytes.put("rewritten", SmallRecords.rewritten(2));
        return bytes;
    }

    @Test
    void keysAndRecordsAreTheGoldenBytes() throws Exception {
        GoldenBytes golden = GoldenBytes.load("records.hex");
        Map<String, byte[]> bytes = encoded();
        assertEquals(Set.copyOf(golden.names()), bytes.keySet());
        for (var each : bytes.entrySet()) {
            assertEquals(hex(golden.get(each.getKey())), hex(each.getValue()), each.getKey());
        }
    }

    /** The version of a record is its first byte, and the superblock's is that of the keys. */
    @Test
    void changedBytesHaveANewVersion() throws Exception {
        GoldenBytes golden = GoldenBytes.load("records.hex");
        PinnedFormats.check("records", name -> golden.get(name.startsWith("key ") ? "superblock" : name)[0]);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void everyRecordIsReadAsItWasWritten() throws Exception {
        for (InodeRecord inode : inodes().values()) {
            InodeRecord read = InodeCodec.decode(INODE, InodeCodec.encode(inode));
            if (inode.content() instanceof InodeContent.Symlink symlink) {
                assertArrayEquals(symlink.target(), ((InodeContent.Symlink) read.content()).target());
                read = read.withContent(inode.content());
            }
            assertEquals(inode, read);
        }
        FileName name = FileName.of("name");
        EntryRecord entry = new EntryRecord(name, Long.MAX_VALUE, 1, FileKind.FIFO);
        assertEquals(entry, EntryRecord.decodeByName(name, entry.encodeByName()));
        assertEquals(entry, EntryRecord.decodeByCookie(entry.cookie(), entry.encodeByCookie()));
        for (long metadata : new long[] {Counters.UNCOUNTED, 0, Long.MAX_VALUE}) {
            Counters counters = new Counters(1, -1, Long.MAX_VALUE, metadata);
            assertEquals(counters, Counters.decode(counters.encode()));
        }
        Superblock superblock = new Superblock(new Timestamp(-5, 999_999_999));
        assertEquals(superblock, Superblock.decode(superblock.encode()));
        assertArrayEquals(new byte[0], SmallRecords.xattrValue(SmallRecords.xattr(new byte[0])));
        assertEquals(-1, SmallRecords.tombstoneEnd(SmallRecords.tombstone(-1)));
        assertEquals(5, SmallRecords.rewrittenSerial(SmallRecords.rewritten(5)));
    }

    @Test
    void keysSortAsTheirNumbersAndNames() throws Exception {
        byte[][] ascending = {
            Keys.superblock(),
            Keys.counters(),
            Keys.inode(1),
            Keys.inode(255),
            Keys.inode(256),
            Keys.inode(InodeId.NUMBER_MAX),
            Keys.entry(1, FileName.of("a")),
            Keys.entry(1, FileName.of("a\0".replace('\0', '\1'))),
            Keys.entry(1, FileName.of("b")),
            Keys.entry(2, FileName.of("a")),
            Keys.listing(1, 3),
            Keys.listing(1, 256),
            Keys.listing(1, Long.MAX_VALUE),
            Keys.listing(2, 3),
            Keys.xattr(1, FileName.of("user.a")),
            Keys.orphan(1),
            Keys.tombstone(1),
            Keys.rewritten(1, 1),
            Keys.rewritten(1, 1L << 45)
        };
        for (int i = 1; i < ascending.length; i++) {
            assertTrue(Arrays.compareUnsigned(ascending[i - 1], ascending[i]) < 0, "key " + i);
            assertTrue((ascending[i][0] & 0xff) < 0x80);
        }
    }

    @Test
    void rangesHoldExactlyTheirKeys() throws Exception {
        assertRange(Keys.listings(5, 3, 5), Keys.listing(5, 3), Keys.listing(5, 2), Keys.listing(5, 5));
        assertRange(Keys.xattrs(5), Keys.xattr(5, FileName.of("a")), Keys.xattr(4, FileName.of("a")), Keys.orphan(5));
        assertRange(Keys.rewritten(5, 2, 4), Keys.rewritten(5, 3), Keys.rewritten(5, 4), Keys.rewritten(5, 1));
        assertRange(Keys.orphansFrom(5), Keys.orphan(InodeId.NUMBER_MAX), Keys.orphan(4), Keys.tombstone(5));
        assertRange(Keys.tombstonesFrom(5), Keys.tombstone(InodeId.NUMBER_MAX), Keys.tombstone(4), Keys.orphan(6));
        long last = InodeId.NUMBER_MAX;
        assertRange(Keys.xattrs(last), Keys.xattr(last, FileName.of("a")), Keys.xattr(1, FileName.of("a")));
        assertRange(Keys.listings(last, 3, 4), Keys.listing(last, 3), Keys.listing(1, 3));
    }

    private static void assertRange(KeyRange range, byte[] inside, byte[]... outside) {
        assertTrue(contains(range, inside));
        for (byte[] each : outside) {
            assertTrue(!contains(range, each), hex(each));
        }
    }

    private static boolean contains(KeyRange range, byte[] key) {
        return Arrays.compareUnsigned(range.from(), key) <= 0 && Arrays.compareUnsigned(key, range.to()) < 0;
    }

    @Test
    void aRecordOfANewerVersionIsRefusedWithBothVersions() {
        byte[] newer = InodeCodec.encode(inodes().get("inode fifo"));
        newer[0] = 2;
        RecordFormatException refusal =
                assertThrows(RecordFormatException.class, () -> InodeCodec.decode(INODE, newer));
        assertTrue(refusal.getMessage().contains("version 2"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("reads 1"), refusal.getMessage());
    }

    @Test
    void recordsCutOffOrTooLongAreRefused() throws Exception {
        for (InodeRecord inode : inodes().values()) {
            byte[] whole = InodeCodec.encode(inode);
            boolean openEnd = inode.kind() == FileKind.SYMLINK;
            for (int length = 0; length < whole.length; length++) {
                byte[] cut = Arrays.copyOf(whole, length);
                if (!openEnd || length < whole.length - 4) {
                    assertThrows(RecordFormatException.class, () -> InodeCodec.decode(INODE, cut));
                }
            }
            if (!openEnd) {
                byte[] longer = Arrays.copyOf(whole, whole.length + 1);
                assertThrows(RecordFormatException.class, () -> InodeCodec.decode(INODE, longer));
            }
        }
    }

    @Test
    void damagedBytesAreRefusedOrReadAsARecord() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            for (byte[] good : encoded().values()) {
                for (int i = 0; i < 300; i++) {
                    byte[] bad = Arrays.copyOf(good, random.nextInt(good.length + 1));
                    for (int flips = random.nextInt(4); flips > 0 && bad.length > 0; flips--) {
                        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
                    }
                    decodeAll(bad);
                }
            }
        });
    }

    private static void decodeAll(byte[] bytes) throws Exception {
        for (Decoder decoder : new Decoder[] {
            in -> InodeCodec.decode(1, in),
            in -> EntryRecord.decodeByName(FileName.of("n"), in),
            in -> EntryRecord.decodeByCookie(3, in),
            Counters::decode,
            Superblock::decode,
            SmallRecords::xattrValue,
            SmallRecords::tombstoneEnd,
            Keys::inodeOf,
            Keys::numberOf,
            Keys::nameOf
        }) {
            try {
                decoder.decode(bytes);
            } catch (RecordFormatException e) {
                assertTrue(e.getMessage().length() < 200);
            }
        }
    }

    /** Anything that reads stored bytes. */
    private interface Decoder {
        Object decode(byte[] bytes) throws Exception;
    }
}
