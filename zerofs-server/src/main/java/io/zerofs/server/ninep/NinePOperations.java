// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FsException;
import io.zerofs.server.ninep.wire.NinePHandler;

/** All operations of one session, in families. */
record NinePOperations(
        FidOperations fids,
        NamespaceOperations names,
        NinePDataOperations data,
        NinePAttributeOperations attributes,
        NinePXattrOperations xattrs,
        LockOperations locks)
        implements NinePHandler<Reply, FsException> {
    NinePOperations(NinePSession session) {
        this(
                new FidOperations(session),
                new NamespaceOperations(session),
                new NinePDataOperations(session),
                new NinePAttributeOperations(session),
                new NinePXattrOperations(session),
                new LockOperations(session));
    }
}
