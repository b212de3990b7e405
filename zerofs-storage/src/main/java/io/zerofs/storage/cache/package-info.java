// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Caches that save requests, and fetches that callers share. Seq, slot and page of a frozen commit name a page. They mean
 * the same bytes for ever, so no entry is ever invalidated.
 */
package io.zerofs.storage.cache;
