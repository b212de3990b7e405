// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.engine;

import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.List;

/**
 * One operation's changes: a batch, and what they mean for the space account. Every inode record is put through here,
 * so that the account cannot be forgotten. Used by one thread, under the locks of the inodes it changes.
 */
final class Transaction {
    private final Volume volume;
    private final SpaceAccount space;
    private final InodeStore inodeStore;
    private final Batch batch;
    private final List<Runnable> afterwards = new ArrayList<>(4);
    private long bytes;
    private int inodes;

    Transaction(Volume volume, SpaceAccount space, InodeStore inodeStore) {
        this.volume = volume;
        this.space = space;
        this.inodeStore = inodeStore;
        this.batch = volume.newBatch();
    }

    /** For what does not concern inode records. */
    Batch batch() {
        return batch;
    }

    void create(InodeRecord inode) {
        inodes++;
        bytes += inode.allocatedBytes();
        put(inode);
    }

    void update(InodeRecord before, InodeRecord after) {
        bytes += after.allocatedBytes() - before.allocatedBytes();
        put(after);
    }

    void delete(InodeRecord inode) {
        inodes--;
        bytes -= inode.allocatedBytes();
        batch.delete(Keys.inode(inode.number()));
        afterwards(() -> inodeStore.deleted(inode.number()));
    }

    /** Runs once the batch was applied, in the order of the calls; keeps caches coherent. */
    void afterwards(Runnable action) {
        afterwards.add(action);
    }

    /** Applies all of it, or throws and nothing was applied. */
    void commit() throws FsException {
        space.claim(bytes);
        if (bytes != 0 || inodes != 0) {
            batch.onApply(() -> space.book(bytes, inodes));
        }
        try {
            volume.apply(batch);
        } catch (VolumeException e) {
            space.unclaim(bytes);
            throw VolumeErrors.of(e);
        }
        for (Runnable action : afterwards) {
            action.run();
        }
    }

    private void put(InodeRecord inode) {
        batch.put(Keys.inode(inode.number()), InodeCodec.encode(inode));
        afterwards(() -> inodeStore.changed(inode));
    }
}
