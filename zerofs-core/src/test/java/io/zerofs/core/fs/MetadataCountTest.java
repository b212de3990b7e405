// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.MemoryVolume;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A volume that was written by a program which did not count metadata is counted once, while it is used. */
final class MetadataCountTest {
    private static final int FILES = 10_000;

    private MemoryVolume volume = new MemoryVolume();

    private ZeroFileSystem open() throws Exception {
        return CheckedFileSystems.open(volume);
    }

    /** Makes files with links, targets and attributes, then puts the counters that an old program would have put. */
    private long makeOldVolume() throws Exception {
        ZeroFileSystem files = open();
        for (int i = 0; i < FILES; i++) {
            create(files, i);
        }
        long used = files.statistics().bytesUsed();
        files.barrier().join();
        files.close();
        putOldCounters();
        return used;
    }

    private void putOldCounters() throws Exception {
        volume = volume.reopen();
        Counters now = Counters.decode(volume.get(Keys.counters()));
        Batch batch = volume.newBatch();
        Counters old = new Counters(now.nextInode(), now.allocatedBytes(), now.inodes(), Counters.UNCOUNTED);
        batch.put(Keys.counters(), old.encode());
        volume.apply(batch);
        volume.barrier().join();
        volume = volume.reopen();
    }

    private static void create(ZeroFileSystem files, int i) throws Exception {
        NewNode node = i % 3 == 0 ? NewNode.symlink(new byte[1 + i % 1000]) : NewNode.file(0644);
        InodeId id = files.create(Credentials.ROOT, files.root(), FileName.of("f" + i), node)
                .node()
                .id();
        if (i % 5 == 0) {
            files.link(Credentials.ROOT, id, files.root(), FileName.of("link" + i));
        }
        if (i % 7 == 0) {
            files.setXattr(Credentials.ROOT, id, FileName.of("trusted." + i), new byte[i % 50], XattrMode.ANY);
        }
    }

    @Test
    void metadataOfAnOldVolumeIsCountedOnceItIsOpen() throws Exception {
        long used = makeOldVolume();
        try (ZeroFileSystem files = open()) {
            files.awaitRemovals();
            assertEquals(used, files.statistics().bytesUsed());
            files.barrier().join();
        }
        assertEquals(used, Counters.decode(volume.get(Keys.counters())).metadataBytes());
    }

    @Test
    void changesMadeWhileItIsCountedCountOnce() throws Exception {
        makeOldVolume();
        try (ZeroFileSystem files = open()) {
            for (int i = 0; i < FILES; i += 2) {
                files.remove(Credentials.ROOT, files.root(), FileName.of("f" + i), RemoveMode.ANY);
                create(files, FILES + i);
            }
            files.awaitRemovals();
            files.barrier().join();
            long used = files.statistics().bytesUsed();
            assertEquals(used, Counters.decode(volume.get(Keys.counters())).metadataBytes());
        }
    }

    /** A removal without a place in the queue is found in the volume again. */
    @Test
    void aCountThatAlwaysFailsDoesNotKeepRemovalsFromBeingFound() throws Exception {
        open().close();
        putOldCounters();
        FaultyVolume faulty = new FaultyVolume(volume);
        faulty.damage(Keys.allInodes());
        try (ZeroFileSystem files = CheckedFileSystems.open(faulty)) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (files.removalRestarts() == 0) {
                assertTrue(System.nanoTime() < deadline, "the count did not fail");
                Thread.onSpinWait();
            }
            Batch batch = volume.newBatch();
            batch.put(Keys.tombstone(999), SmallRecords.tombstone(0));
            volume.apply(batch);
            while (volume.get(Keys.tombstone(999)) != null) {
                assertTrue(System.nanoTime() < deadline, "nobody looked for it");
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void aCountThatWasInterruptedBeginsAgain() throws Exception {
        long used = makeOldVolume();
        ZeroFileSystem files = open();
        files.close();
        files.barrier().join();
        putOldCounters();
        files = open();
        files.awaitRemovals();
        assertEquals(used, files.statistics().bytesUsed());
        files.close();
    }
}
