// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Receives the entries of a directory in the order of their cookies. */
@FunctionalInterface
public interface DirectoryVisitor {
    /** Takes the entry, or returns false if it does not fit; then the listing ends before it. */
    boolean visit(DirectoryEntry entry);
}
