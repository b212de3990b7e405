// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/** An open file of a client, through which it takes locks; they end with it. Its identity counts. */
public interface LockHandle {
    boolean isClosed();
}
