// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

/** Receives each read before it searches for its pages. Must be quick and never wait. */
@FunctionalInterface
public interface ReadObserver {
    void reading(long inode, long offset, int length);
}
