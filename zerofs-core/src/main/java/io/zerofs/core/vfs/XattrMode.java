// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Flags of setxattr(2). */
public enum XattrMode {
    /** Create or replace. */
    ANY,
    /** EXISTS if it is there. */
    CREATE,
    /** NO_ATTRIBUTE if it is not. */
    REPLACE
}
