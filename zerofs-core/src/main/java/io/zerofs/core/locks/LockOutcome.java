// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/** How a request for a lock ended. */
public enum LockOutcome {
    GRANTED,
    /** Another holder has a lock in the way. */
    BLOCKED,
    /** The client has its share of locks, or the file was closed meanwhile. */
    REFUSED
}
