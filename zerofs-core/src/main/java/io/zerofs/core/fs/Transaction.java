// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.MetadataBytes;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.List;

/**
 * The changes of one operation: a batch, and their effect on the space account. Every change of an inode record goes
 * through this class, so no operation forgets the account. Used by one thread, under the locks of the inodes that it
 * changes.
 */
final class Transaction {
    private final Volume volume;
    private final SpaceAccount space;
    private final InodeStore inodeStore;
    private final Batch batch;
    private final List<Runnable> afterwards = new ArrayList<>(4);
    private long allocated;
    private long metadata;
    private int inodes;

    /** The new inode, whose lock the thread does not hold; null if the operation creates none. */
    private InodeRecord created;

    Transaction(Volume volume, SpaceAccount space, InodeStore inodeStore) {
        this.volume = volume;
        this.space = space;
        this.inodeStore = inodeStore;
        this.batch = volume.newBatch();
    }

    /** Returns the batch, for records other than inodes. */
    Batch batch() {
        return batch;
    }

    void create(InodeRecord inode) {
        inodes++;
        allocated += inode.allocatedBytes();
        metadata(MetadataBytes.of(inode));
        batch.put(Keys.inode(inode.number()), InodeCodec.encode(inode));
        created = inode;
    }

    void update(InodeRecord before, InodeRecord after) {
        allocated += after.allocatedBytes() - before.allocatedBytes();
        put(after);
    }

    void delete(InodeRecord inode) {
        inodes--;
        allocated -= inode.allocatedBytes();
        metadata(-MetadataBytes.of(inode));
        batch.delete(Keys.inode(inode.number()));
        afterwards(() -> inodeStore.deleted(inode.number()));
    }

    /** Counts the bytes of records other than inodes that the batch puts; negative for records that it deletes. */
    void metadata(long bytes) {
        metadata += bytes;
    }

    /** Runs an action after the batch was applied, in the order of the calls; keeps caches coherent. */
    void afterwards(Runnable action) {
        afterwards.add(action);
    }

    /** Applies all changes, or throws and applies none. */
    void commit() throws FsException {
        SpaceAccount.Change change = new SpaceAccount.Change(allocated, metadata, inodes);
        space.claim(change);
        if (allocated != 0 || metadata != 0 || inodes != 0) {
            batch.onApply(() -> space.book(change));
        }
        if (created != null) {
            // Other threads find the inode as soon as it is applied. A later put here could overwrite their changes in
            // the cache.
            inodeStore.changed(created);
        }
        boolean applied = false;
        try {
            volume.apply(batch);
            applied = true;
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } finally {
            if (!applied) {
                space.unclaim(change);
            }
            if (!applied && created != null) {
                inodeStore.deleted(created.number());
            }
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
