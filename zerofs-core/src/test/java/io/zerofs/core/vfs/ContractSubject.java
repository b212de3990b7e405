// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.time.InstantSource;

/** An implementation of the port, for the {@link VirtualFileSystemContract}. */
public interface ContractSubject {
    /** Opens an empty file system. */
    VirtualFileSystem open(InstantSource clock) throws Exception;

    /** Waits until work in the background, if the implementation has any, is done. */
    default void settle(VirtualFileSystem files) throws Exception {}
}
