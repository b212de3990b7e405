// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Garbage collection: counts the live frames of each commit, moves the live frames of half-dead commits, and deletes dead
 * objects in two steps through a published manifest.
 */
package io.zerofs.storage.gc;
