// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.vfs.AttributeContract;
import io.zerofs.core.vfs.CreationContract;
import io.zerofs.core.vfs.DataContract;
import io.zerofs.core.vfs.ListingContract;
import io.zerofs.core.vfs.RemovalContract;
import io.zerofs.core.vfs.RenameContract;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrContract;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.VolumeException;
import java.time.InstantSource;
import org.junit.jupiter.api.Nested;

/** The file system keeps the contracts of its port. */
final class ZeroFileSystemTest {
    private static ZeroFileSystem onMemory(InstantSource clock) throws VolumeException {
        return ZeroFileSystem.open(new MemoryVolume(), FileSystemSettings.DEFAULTS, clock);
    }

    @Nested
    final class Attributes extends AttributeContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Creation extends CreationContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Data extends DataContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Listing extends ListingContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Removal extends RemovalContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Rename extends RenameContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Xattr extends XattrContract {
        @Override
        protected VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return onMemory(clock);
        }

        @Override
        protected void settle() throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }
}
