// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Reads without requests, and requests that are not made twice. Names are (seq, slot, page) of frozen commits, which mean
 * the same bytes for ever, so nothing here is ever invalidated.
 */
package io.zerofs.storage.cache;
