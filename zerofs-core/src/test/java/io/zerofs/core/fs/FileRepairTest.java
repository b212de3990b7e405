// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A repair settles each kind of damage, keeps all data, and has nothing to do the second time. */
class FileRepairTest {
    private static final int FILE_BYTES = 1000;

    @TempDir
    Path scratch;

    private MemoryVolume volume;
    private final List<String> changes = new ArrayList<>();
    private InodeId top;
    private InodeId below;
    private InodeId file;
    private InodeId other;

    private void makeTree() throws Exception {
        volume = new MemoryVolume();
        try (ZeroFileSystem files = CheckedFileSystems.openUnchecked(volume, "the test damages it")) {
            top = create(files, files.root(), "top", NewNode.directory(0755));
            below = create(files, top, "below", NewNode.directory(0755));
            file = create(files, below, "file", NewNode.file(0644));
            other = create(files, below, "other", NewNode.file(0644));
            create(files, top, "link", NewNode.symlink(new byte[] {'t'}));
            for (InodeId each : List.of(file, other)) {
                files.write(Credentials.ROOT, each, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(content(each)));
            }
            files.link(Credentials.ROOT, other, top, FileName.of("second"));
            files.setXattr(Credentials.ROOT, file, FileName.of("user.a"), new byte[3], XattrMode.ANY);
            files.barrier().join();
        }
        volume = volume.reopen();
    }

    private static byte[] content(InodeId inode) {
        byte[] bytes = new byte[FILE_BYTES];
        new Random(inode.number()).nextBytes(bytes);
        return bytes;
    }

    private static InodeId create(ZeroFileSystem files, InodeId in, String name, NewNode node) throws Exception {
        return files.create(Credentials.ROOT, in, FileName.of(name), node)
                .node()
                .id();
    }

    private void put(byte[] key, byte[] value) throws Exception {
        Batch batch = volume.newBatch();
        if (value == null) {
            batch.delete(key);
        } else {
            batch.put(key, value);
        }
        volume.apply(batch);
    }

    private void change(InodeId inode, UnaryOperator<InodeRecord> change) throws Exception {
        byte[] key = Keys.inode(inode.number());
        put(key, InodeCodec.encode(change.apply(InodeCodec.decode(inode.number(), volume.get(key)))));
    }

    /** Looks at the volume before each change. */
    private Runnable beforeChange = () -> {};

    private int changesMax = 1000;

    private FileRepair.Result repair() throws Exception {
        FileRepair.Listener listener = new FileRepair.Listener() {
            @Override
            public void found(ConsistencyChecker.Problem problem, FilePaths paths) {}

            @Override
            public void changed(long inode, String what, FilePaths paths) {
                beforeChange.run();
                changes.add(inode + ": " + what);
            }
        };
        return new FileRepair(volume, scratch, new Timestamp(9, 0), listener, changesMax).run();
    }

    /** Repairs, and requires a clean volume. Returns a file system on it. */
    private ZeroFileSystem repaired() throws Exception {
        FileRepair.Result first = repair();
        assertTrue(first.changes() > 0, "nothing was repaired");
        assertEquals(0, first.left(), () -> "left after " + changes + ": " + problems());
        assertEquals(new FileRepair.Result(0, 0), repair());
        volume = volume.reopen();
        return CheckedFileSystems.open(volume);
    }

    private List<String> problems() {
        try {
            return CheckedFileSystems.problems(volume);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void assertContent(ZeroFileSystem files, InodeId in, String name, InodeId original) throws Exception {
        InodeId found = files.lookup(Credentials.ROOT, in, FileName.of(name)).id();
        assertEquals(original.number(), found.number());
        byte[] bytes = new byte[FILE_BYTES];
        files.read(Credentials.ROOT, found, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(bytes));
        assertArrayEquals(content(original), bytes);
    }

    /** The tree is as it was made. */
    private void assertWhole(ZeroFileSystem files) throws Exception {
        assertContent(files, below, "file", file);
        assertContent(files, below, "other", other);
        assertContent(files, top, "second", other);
        assertEquals(
                2, files.lookup(Credentials.ROOT, top, FileName.of("second")).links());
    }

    @Test
    void wrongCountsAreSet() throws Exception {
        makeTree();
        change(other, record -> record.withLinks(5));
        change(top, record -> record.withLinks(9).withXattrListBytes(4));
        change(file, record -> record.withContent(record.file().withChunks(7)));
        put(Keys.counters(), new Counters(2, 512, 7, 9).encode());
        try (ZeroFileSystem files = repaired()) {
            assertWhole(files);
        }
    }

    @Test
    void aNameThatIsNotListedIsListedAgain() throws Exception {
        makeTree();
        put(Keys.listing(below.number(), 3), null);
        put(Keys.entry(top.number(), FileName.of("second")), null);
        try (ZeroFileSystem files = repaired()) {
            assertWhole(files);
        }
    }

    @Test
    void namesWithTheCookieOfAnotherGetTheirOwn() throws Exception {
        makeTree();
        EntryRecord wrong = new EntryRecord(FileName.of("file"), 4, file.number(), FileKind.REGULAR);
        put(Keys.entry(below.number(), wrong.name()), wrong.encodeByName());
        try (ZeroFileSystem files = repaired()) {
            assertWhole(files);
        }
    }

    @Test
    void aFileWithoutANameGetsOneInLostAndFound() throws Exception {
        makeTree();
        long cookie = 3;
        put(Keys.entry(below.number(), FileName.of("file")), null);
        put(Keys.listing(below.number(), cookie), null);
        try (ZeroFileSystem files = repaired()) {
            InodeId found = files.lookup(Credentials.ROOT, files.root(), FileName.of("lost+found"))
                    .id();
            assertContent(files, found, "#" + file.number(), file);
            assertContent(files, below, "other", other);
        }
    }

    @Test
    void aDirectoryWithoutANameKeepsItsTree() throws Exception {
        makeTree();
        put(Keys.entry(top.number(), FileName.of("below")), null);
        put(Keys.listing(top.number(), 3), null);
        try (ZeroFileSystem files = repaired()) {
            InodeId found = files.lookup(Credentials.ROOT, files.root(), FileName.of("lost+found"))
                    .id();
            InodeId moved = files.lookup(Credentials.ROOT, found, FileName.of("#" + below.number()))
                    .id();
            assertEquals(below, moved);
            assertWhole(files);
        }
    }

    @Test
    void theNameOfAMissingInodeIsRemovedAndNamed() throws Exception {
        makeTree();
        InodeId link = InodeCodec.decode(6, volume.get(Keys.inode(6))).id();
        put(Keys.inode(link.number()), null);
        try (ZeroFileSystem files = repaired()) {
            assertTrue(changes.contains(top.number() + ": the name link of inode 6 is removed"), () -> "" + changes);
            assertWhole(files);
        }
    }

    @Test
    void theDataOfAMissingOrUnreadableInodeStays() throws Exception {
        makeTree();
        put(Keys.inode(file.number()), null);
        put(Keys.inode(other.number()), new byte[1]);
        try (ZeroFileSystem files = repaired()) {
            assertEquals(
                    Volume.CHUNK_BYTES,
                    files.getAttributes(files.lookup(Credentials.ROOT, below, FileName.of("file"))
                                    .id())
                            .size());
            assertWhole(files);
        }
    }

    /** The list of changes may end between a name or an attribute of an inode and the data from which it is rescued. */
    @Test
    void fewChangesAtATimeKeepNamesAndAttributesOfARescuedInode() throws Exception {
        for (changesMax = 1; changesMax < 8; changesMax++) {
            makeTree();
            put(Keys.inode(file.number()), null);
            put(Keys.inode(other.number()), null);
            try (ZeroFileSystem files = repaired()) {
                assertWhole(files);
                InodeId found = files.lookup(Credentials.ROOT, below, FileName.of("file"))
                        .id();
                assertArrayEquals(new byte[3], files.getXattr(Credentials.ROOT, found, FileName.of("user.a")));
            }
        }
    }

    @Test
    void theEntriesOfAMissingDirectoryStay() throws Exception {
        makeTree();
        put(Keys.inode(below.number()), null);
        put(Keys.inode(top.number()), new byte[1]);
        put(Keys.inode(InodeId.ROOT_NUMBER), null);
        try (ZeroFileSystem files = repaired()) {
            top = files.lookup(Credentials.ROOT, files.root(), FileName.of("top"))
                    .id();
            below = files.lookup(Credentials.ROOT, top, FileName.of("below")).id();
            assertWhole(files);
        }
    }

    /** A daemon may open the volume after any change, if the repair was interrupted, and create inodes. */
    @Test
    void noNumberThatARepairUsesIsFreeAfterAnyChange() throws Exception {
        makeTree();
        put(Keys.entry(below.number(), FileName.of("file")), null);
        put(Keys.listing(below.number(), 3), null);
        EntryRecord remains = new EntryRecord(FileName.of("left"), 3, other.number(), FileKind.REGULAR);
        put(Keys.entry(500, remains.name()), remains.encodeByName());
        put(Keys.listing(500, remains.cookie()), remains.encodeByCookie());
        beforeChange = this::assertNumbersAreTaken;
        try (ZeroFileSystem files = repaired()) {
            assertNumbersAreTaken();
            InodeId found = files.lookup(Credentials.ROOT, files.root(), FileName.of("lost+found"))
                    .id();
            assertEquals(501, found.number());
            assertContent(files, found, "#" + file.number(), file);
        }
    }

    private void assertNumbersAreTaken() {
        try {
            long next = Counters.decode(volume.get(Keys.counters())).nextInode();
            try (Cursor cursor = volume.scan(Keys.allInodes())) {
                while (cursor.next()) {
                    assertTrue(Keys.inodeOf(cursor.key()) < next, () -> "number " + next + " is free, " + changes);
                }
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aCycleOfDirectoriesGoesToLostAndFound() throws Exception {
        makeTree();
        byte[] name = Keys.entry(InodeId.ROOT_NUMBER, FileName.of("top"));
        EntryRecord entry = EntryRecord.decodeByName(FileName.of("top"), volume.get(name));
        put(name, null);
        put(Keys.listing(InodeId.ROOT_NUMBER, entry.cookie()), null);
        EntryRecord inside = new EntryRecord(FileName.of("top"), 50, top.number(), entry.kind());
        put(Keys.entry(below.number(), inside.name()), inside.encodeByName());
        put(Keys.listing(below.number(), 50), inside.encodeByCookie());
        change(
                top,
                record -> record.withContent(new InodeContent.Directory(
                        below.number(),
                        record.directory().nextCookie(),
                        record.directory().entries())));
        try (ZeroFileSystem files = repaired()) {
            InodeId found = files.lookup(Credentials.ROOT, files.root(), FileName.of("lost+found"))
                    .id();
            assertEquals(
                    top,
                    files.lookup(Credentials.ROOT, found, FileName.of("#" + top.number()))
                            .id());
            assertWhole(files);
        }
    }

    @Test
    void orphansMarksAndTombstonesAgreeWithTheirInodes() throws Exception {
        makeTree();
        put(Keys.orphan(file.number()), SmallRecords.orphan());
        put(Keys.orphan(1000), SmallRecords.orphan());
        put(Keys.tombstone(other.number()), SmallRecords.tombstone(3));
        put(Keys.rewritten(file.number(), 0), SmallRecords.rewritten(1));
        put(Keys.xattr(1000, FileName.of("user.a")), SmallRecords.xattr(new byte[2]));
        try (ZeroFileSystem files = repaired()) {
            assertWhole(files);
        }
    }

    @Test
    void dataPastTheEndIsShown() throws Exception {
        makeTree();
        change(file, record -> record.withContent(record.file().withSize(0)));
        try (ZeroFileSystem files = repaired()) {
            assertWhole(files);
        }
    }

    @Test
    void aFileSystemOfANewerFormatIsNotRepaired() throws Exception {
        makeTree();
        change(other, record -> record.withLinks(5));
        put(Keys.superblock(), newer(volume.get(Keys.superblock())));
        VolumeException refused = assertThrows(VolumeException.class, this::repair);
        assertTrue(refused.getMessage().startsWith("the file system has a newer format, and nothing was changed"));
        assertEquals(List.of(), changes);
    }

    /** Of inodes and directories of a newer format, their names and other records of them, nothing changes. */
    @Test
    void recordsOfANewerFormatStay() throws Exception {
        makeTree();
        List<byte[]> newer = List.of(
                Keys.entry(below.number(), FileName.of("other")),
                Keys.listing(below.number(), 3),
                Keys.inode(below.number()),
                Keys.inode(file.number()),
                Keys.counters());
        for (byte[] key : newer) {
            volume.barrier().join();
            MemoryVolume sound = volume.afterCrash();
            put(key, newer(volume.get(key)));
            if (Arrays.equals(key, Keys.inode(file.number()))) {
                put(Keys.orphan(file.number()), SmallRecords.orphan());
            }
            List<ByteBuffer> records = records();
            FileRepair.Result result = repair();
            assertTrue(result.left() > 0);
            assertEquals(List.of(), changes);
            assertEquals(records, records());
            volume = sound;
        }
    }

    private List<ByteBuffer> records() throws Exception {
        List<ByteBuffer> records = new ArrayList<>();
        for (byte[] key : keys()) {
            records.add(ByteBuffer.wrap(key));
            records.add(ByteBuffer.wrap(volume.get(key)));
        }
        return records;
    }

    private static byte[] newer(byte[] value) {
        byte[] changed = value.clone();
        changed[0] = 9;
        return changed;
    }

    /** Random damage of records: a repair never fails, ends with a clean volume, and loses no chunk of a file. */
    @Test
    void randomDamageIsRepaired() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            makeTree();
            List<byte[]> keys = keys();
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                damage(keys.get(random.nextInt(keys.size())), keys.get(random.nextInt(keys.size())), random);
            }
            List<ChunkId> chunks = volume.chunksFrom(new ChunkId(0, 0), 1000);
            FileRepair.Result result = repair();
            assertEquals(0, result.left(), () -> "left after " + changes + ": " + problems());
            assertEquals(new FileRepair.Result(0, 0), repair());
            assertTrue(volume.chunksFrom(new ChunkId(0, 0), 1000).containsAll(chunks), () -> "" + changes);
            changes.clear();
        });
    }

    private List<byte[]> keys() throws Exception {
        List<byte[]> keys = new ArrayList<>();
        try (Cursor cursor = volume.scan(new KeyRange(new byte[] {1}, new byte[] {0x7f}))) {
            while (cursor.next()) {
                keys.add(cursor.key());
            }
        }
        return keys;
    }

    /** A record of a newer format stays as it is, so damage makes none. */
    private void putOlder(byte[] key, byte[] value) throws Exception {
        int known = Arrays.equals(key, Keys.counters()) ? 2 : 1;
        byte[] older = value == null ? null : value.clone();
        if (older != null && older.length > 0 && (older[0] & 0xff) > known) {
            older[0] = 0;
        }
        put(key, older);
    }

    private void damage(byte[] key, byte[] source, SplittableRandom random) throws Exception {
        byte[] value = volume.get(key);
        switch (random.nextInt(5)) {
            case 0 -> put(key, null);
            case 1 -> putOlder(key, volume.get(source));
            case 2 -> putOlder(source.clone(), value);
            case 3 -> {
                byte[] flipped = value == null ? new byte[1] : value.clone();
                flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
                putOlder(key, flipped);
            }
            default -> {
                byte[] flipped = key.clone();
                flipped[flipped.length - 1] ^= (byte) (1 << random.nextInt(4));
                put(key, null);
                putOlder(flipped, value);
            }
        }
    }
}
