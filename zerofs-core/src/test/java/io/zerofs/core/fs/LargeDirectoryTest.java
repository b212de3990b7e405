// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.Superblock;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Directories of many entries: listed in pages, once each, without holding them in memory. */
final class LargeDirectoryTest {
    @Test
    void everyEntryIsListedOnceInPages() throws Exception {
        createListAndRemove(20_000);
    }

    @Test
    @Tag("slow")
    void hundredsOfThousandsOfEntriesAreCreatedListedAndRemoved() throws Exception {
        createListAndRemove(400_000);
    }

    private static void createListAndRemove(int count) throws Exception {
        try (MemoryVolume volume = new MemoryVolume();
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            for (int i = 0; i < count; i++) {
                files.create(Credentials.ROOT, files.root(), FileName.of("entry" + i), NewNode.file(0644));
            }
            assertEquals(count, countInPages(files, 1000));
            for (int i = 0; i < count; i++) {
                files.remove(Credentials.ROOT, files.root(), FileName.of("entry" + i), RemoveMode.FILE);
            }
            assertEquals(0, countInPages(files, 1000));
            assertEquals(1, files.statistics().inodesUsed());
        }
    }

    private static int countInPages(ZeroFileSystem files, int page) throws Exception {
        long[] cookie = {2};
        int[] seen = {0};
        boolean end = false;
        while (!end) {
            int[] room = {page};
            end = files.list(Credentials.ROOT, files.root(), cookie[0], true, entry -> {
                if (room[0]-- == 0) {
                    return false;
                }
                assertTrue(entry.cookie() > cookie[0]);
                cookie[0] = entry.cookie();
                seen[0]++;
                return true;
            });
        }
        return seen[0];
    }

    @Test
    void aMillionEntriesAreListedInConstantMemory() throws Exception {
        int count = 1_000_000;
        try (ZeroFileSystem files =
                CheckedFileSystems.openUnchecked(new EndlessDirectory(count), "It has a listing and nothing else.")) {
            int[] seen = {0};
            assertTrue(files.list(Credentials.ROOT, files.root(), 2, false, entry -> ++seen[0] > 0));
            assertEquals(count, seen[0]);
        }
    }

    /** A volume whose root directory has any number of entries, each made up when the cursor comes to it. */
    private record EndlessDirectory(int count) implements Volume {
        private static final UUID ID = new UUID(1, 2);

        @Override
        public UUID id() {
            return ID;
        }

        @Override
        public long epoch() {
            return 1;
        }

        @Override
        public byte[] get(byte[] key) {
            Timestamp time = new Timestamp(0, 0);
            if (key.length == 1) {
                return java.util.Arrays.equals(key, Keys.superblock())
                        ? new Superblock(time).encode()
                        : new Counters(count + 10, 0, count, 0).encode();
            }
            InodeContent.Directory content = new InodeContent.Directory(1, count + 10, count);
            return InodeCodec.encode(new InodeRecord(
                    new InodeId(1, 1), FileKind.DIRECTORY, 0755, 2, 0, 0, 0, InodeRecord.Times.all(time), content));
        }

        @Override
        public Cursor scan(KeyRange range) {
            boolean listing = range.from()[0] == Keys.listing(1, 3)[0];
            return new Cursor() {
                private long cookie = 2;

                @Override
                public boolean next() {
                    return listing && ++cookie < count + 3;
                }

                @Override
                public byte[] key() {
                    return Keys.listing(1, cookie);
                }

                @Override
                public byte[] value() {
                    try {
                        return new EntryRecord(FileName.of("n" + cookie), cookie, 5, FileKind.REGULAR).encodeByCookie();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void onCommitCut(Consumer<Batch> contributor) {}

        @Override
        public Batch newBatch() {
            throw new UnsupportedOperationException("read only");
        }

        @Override
        public Reservation reserve(ChunkRange chunks, int bytes) {
            throw new UnsupportedOperationException("read only");
        }

        @Override
        public void apply(Batch batch) {
            throw new UnsupportedOperationException("read only");
        }

        @Override
        public RangeRead prepareRead(long inode, long offset, int length) {
            throw new UnsupportedOperationException("no data");
        }

        @Override
        public long[] presentChunks(ChunkRange range, int max, boolean descending) {
            return new long[0];
        }

        @Override
        public List<ChunkId> chunksFrom(ChunkId first, int max) {
            return List.of();
        }

        @Override
        public CompletableFuture<Void> barrier() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void close() {}
    }
}
