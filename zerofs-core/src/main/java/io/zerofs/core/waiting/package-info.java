// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Threads that must not wait. Event-loop threads serve many connections and must never wait for the store, for memory or for an
 * upload slot; this package lets the code that is about to wait find out that it must not.
 */
package io.zerofs.core.waiting;
