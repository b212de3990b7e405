// SPDX-License-Identifier: AGPL-3.0-only
/** Reads and writes numbers, texts and lengths in byte buffers. Damage is a CorruptObjectException. */
package io.zerofs.storage.bytes;
