// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** Outcomes of Tlock; the ordinal is the byte on the wire (P9_LOCK_*). The fourth, GRACE, is never given here. */
public enum LockStatus {
    SUCCESS,
    /** Another owner has a lock in the way. A client that waits asks again. */
    BLOCKED,
    /** No lock for other reasons: the table is full. */
    ERROR
}
