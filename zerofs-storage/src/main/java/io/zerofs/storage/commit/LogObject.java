// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.seal.ObjectHeader;

/** The object with the name of a commit: a commit's log, or the fence that ends the log there. */
public sealed interface LogObject permits CommitLog, Fence {
    /** Returns the commit that the object's name means. */
    CommitId id();

    ObjectHeader header();
}
