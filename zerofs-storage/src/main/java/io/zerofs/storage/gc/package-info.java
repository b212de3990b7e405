// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Gives space back: counts what is live in each commit, writes the rest of half-dead commits again, and deletes what nothing
 * refers to, in two steps through a published manifest.
 */
package io.zerofs.storage.gc;
