// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Threads that must not wait. Event-loop threads serve many connections and must never wait for the store, for memory
 * or for an upload slot. Code that is about to wait learns from this package whether it may.
 */
package io.zerofs.core.waiting;
