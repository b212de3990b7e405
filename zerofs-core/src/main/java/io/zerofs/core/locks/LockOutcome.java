// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/** The outcome of a request for a lock. */
public enum LockOutcome {
    GRANTED,
    /** Another holder has a conflicting lock. */
    BLOCKED,
    /** The client has its share of locks, or the file was closed meanwhile. */
    REFUSED
}
