// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/** An open file of a client, through which the client takes locks; they end with it. Compared by identity. */
public interface LockHandle {
    boolean isClosed();
}
