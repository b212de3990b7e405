// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.vfs.AttributeContract;
import io.zerofs.core.vfs.ContractSubject;
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
    private interface OnMemory extends ContractSubject {
        @Override
        default VirtualFileSystem open(InstantSource clock) throws VolumeException {
            return CheckedFileSystems.open(new MemoryVolume(), FileSystemSettings.DEFAULTS, clock);
        }

        @Override
        default void settle(VirtualFileSystem files) throws InterruptedException {
            ((ZeroFileSystem) files).awaitRemovals();
        }
    }

    @Nested
    final class Attributes extends AttributeContract implements OnMemory {}

    @Nested
    final class Creation extends CreationContract implements OnMemory {}

    @Nested
    final class Data extends DataContract implements OnMemory {}

    @Nested
    final class Listing extends ListingContract implements OnMemory {}

    @Nested
    final class Removal extends RemovalContract implements OnMemory {}

    @Nested
    final class Rename extends RenameContract implements OnMemory {}

    @Nested
    final class Xattr extends XattrContract implements OnMemory {}
}
