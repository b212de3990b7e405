// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Flags of setxattr(2). */
public enum XattrMode {
    /** Creates or replaces the attribute. */
    ANY,
    /** Fails with EXISTS if the attribute exists. */
    CREATE,
    /** Fails with NO_ATTRIBUTE if the attribute does not exist. */
    REPLACE
}
