// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** Outcomes of Tlock; the ordinal is the byte on the wire (P9_LOCK_*). The server never sends the fourth, GRACE. */
public enum LockStatus {
    SUCCESS,
    /** Another owner has a conflicting lock. A client that waits asks again. */
    BLOCKED,
    /** No lock for other reasons: the client's share of locks is used up, or the fid was closed meanwhile. */
    ERROR
}
