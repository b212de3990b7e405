// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.Reservation;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each kind of contradiction is found and named by path, and nothing else is. */
class ConsistencyCheckerTest {
    @TempDir
    Path scratch;

    private final MemoryVolume volume = new MemoryVolume();
    private InodeId top;
    private InodeId below;
    private InodeId file;

    @BeforeEach
    void makeTree() throws Exception {
        try (ZeroFileSystem files = CheckedFileSystems.openUnchecked(volume, "the test damages it")) {
            top = create(files, files.root(), "top", NewNode.directory(0755));
            below = create(files, top, "be\nlow", NewNode.directory(0755));
            file = create(files, below, "file", NewNode.file(0644));
            files.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, ByteBuffer.allocate(1000));
            create(files, below, "other", NewNode.file(0644));
            files.barrier().join();
        }
    }

    private static InodeId create(ZeroFileSystem files, InodeId in, String name, NewNode node) throws Exception {
        return files.create(Credentials.ROOT, in, FileName.of(name), node)
                .node()
                .id();
    }

    /** Returns each problem with the path of its file. */
    private List<String> problems() throws Exception {
        List<ConsistencyChecker.Problem> found = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        try (ConsistencyChecker checker = new ConsistencyChecker(volume, scratch, found::add)) {
            checker.check();
            for (ConsistencyChecker.Problem problem : found) {
                texts.add((problem.inode() == 0 ? "" : checker.paths().of(problem.inode()) + ": ") + problem.what());
            }
        }
        return texts;
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

    private void assertOnly(String problem) throws Exception {
        assertEquals(List.of(problem), problems());
    }

    @Test
    void aCleanVolumeHasNoProblem() throws Exception {
        assertEquals(List.of(), problems());
    }

    @Test
    void aWrongLinkCount() throws Exception {
        change(file, record -> record.withLinks(3));
        assertOnly("/top/be\\x0alow/file: 3 links, 1 names");
    }

    @Test
    void aWrongLinkCountOfADirectory() throws Exception {
        change(top, record -> record.withLinks(2));
        assertOnly("/top: 2 links instead of 3");
    }

    @Test
    void aLostInode() throws Exception {
        put(Keys.inode(file.number()), null);
        List<String> found = problems();
        String lost = "/top/be\\x0alow/file: has a name in directory " + below.number() + " and no readable record";
        assertTrue(found.contains(lost), () -> "" + found);
    }

    @Test
    void anInodeWithoutAName() throws Exception {
        byte[] entry = Keys.entry(below.number(), FileName.of("file"));
        put(entry, null);
        List<String> found = problems();
        assertTrue(found.contains("inode " + file.number() + ": 1 links, 0 names"), () -> "" + found);
        assertTrue(found.stream().anyMatch(each -> each.startsWith("/top/be\\x0alow: 1 entries")), () -> "" + found);
    }

    @Test
    void anOrphanThatHasAName() throws Exception {
        put(Keys.orphan(file.number()), SmallRecords.orphan());
        assertEquals(
                List.of(
                        "/top/be\\x0alow/file: is no orphan and is said to be",
                        "/top/be\\x0alow/file: is an orphan and is not said to be"),
                problems());
    }

    @Test
    void aWrongCounter() throws Exception {
        Counters right = Counters.decode(volume.get(Keys.counters()));
        Counters wrong =
                new Counters(right.nextInode(), right.allocatedBytes() + 512, right.inodes(), right.metadataBytes());
        put(Keys.counters(), wrong.encode());
        assertOnly("counters are " + wrong + " and should be " + right);
    }

    @Test
    void aLostChunk() throws Exception {
        Batch batch = volume.newBatch();
        batch.deleteChunk(new ChunkId(file.number(), 0));
        try (Reservation room = volume.reserve(new ChunkRange(file.number(), 0, 1), 100)) {
            volume.apply(batch);
        }
        assertOnly("/top/be\\x0alow/file: 0 chunks present, 1 recorded");
    }

    @Test
    void directoriesInACycle() throws Exception {
        change(top, record -> withParent(record, below.number()));
        List<String> found = problems();
        assertTrue(found.contains("/top/be\\x0alow: is not below the root"), () -> "" + found);
        assertTrue(found.contains("/top: is not below the root"), () -> "" + found);
    }

    private static InodeRecord withParent(InodeRecord record, long parent) {
        InodeContent.Directory old = record.directory();
        return record.withContent(new InodeContent.Directory(parent, old.nextCookie(), old.entries()));
    }

    @Test
    void aNameThatIsNotListed() throws Exception {
        put(Keys.listing(below.number(), 3), null);
        assertOnly("/top/be\\x0alow: entry with cookie 3 is not listed as it is named");
    }

    @Test
    void twoNamesWithEachOthersListing() throws Exception {
        byte[] first = volume.get(Keys.listing(below.number(), 3));
        put(Keys.listing(below.number(), 3), volume.get(Keys.listing(below.number(), 4)));
        put(Keys.listing(below.number(), 4), first);
        List<String> found = problems();
        for (String how : List.of(" is not listed as it is named", " is not named as it is listed")) {
            assertTrue(found.contains("/top/be\\x0alow: entry with cookie 3" + how), () -> "" + found);
            assertTrue(found.contains("/top/be\\x0alow: entry with cookie 4" + how), () -> "" + found);
        }
        assertEquals(4, found.size());
    }

    private void writeChunk(long inode) throws Exception {
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(inode, 0), 0, ByteBuffer.allocate(1));
        volume.apply(batch);
    }

    @Test
    void chunksOfOtherInodesThanFiles() throws Exception {
        writeChunk(top.number());
        writeChunk(1000);
        List<String> found = problems();
        assertEquals(
                List.of("/top: is no file and has chunks", "inode 1000 does not exist and has chunks"),
                found.subList(0, 2));
        assertTrue(found.get(2).contains("should be Counters[nextInode=1001, "), () -> "" + found);
        assertEquals(3, found.size());
    }

    @Test
    void anUnreadableRecord() throws Exception {
        put(Keys.inode(file.number()), new byte[] {77});
        List<String> found = problems();
        assertTrue(found.stream().anyMatch(each -> each.startsWith("/top/be\\x0alow/file: ")), () -> "" + found);
    }
}
