// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.AttributeContract;
import io.zerofs.core.vfs.ContractSubject;
import io.zerofs.core.vfs.CreationContract;
import io.zerofs.core.vfs.DataContract;
import io.zerofs.core.vfs.ListingContract;
import io.zerofs.core.vfs.RemovalContract;
import io.zerofs.core.vfs.RenameContract;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrContract;
import java.time.InstantSource;
import java.util.UUID;
import org.junit.jupiter.api.Nested;

/** The model keeps the same contracts, so that it is worth comparing with. */
final class ModelFileSystemTest {
    private interface Model extends ContractSubject {
        @Override
        default VirtualFileSystem open(InstantSource clock) {
            return new ModelFileSystem(new UUID(0, 0), 1, clock);
        }
    }

    @Nested
    final class Attributes extends AttributeContract implements Model {}

    @Nested
    final class Creation extends CreationContract implements Model {}

    @Nested
    final class Data extends DataContract implements Model {}

    @Nested
    final class Listing extends ListingContract implements Model {}

    @Nested
    final class Removal extends RemovalContract implements Model {}

    @Nested
    final class Rename extends RenameContract implements Model {}

    @Nested
    final class Xattr extends XattrContract implements Model {}
}
