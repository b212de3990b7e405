// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Compress, encrypt, wrap: the one place that knows ciphers, keys and how bytes are sealed in pages. Knows object names
 * for messages only, and does no I/O.
 */
package io.zerofs.storage.seal;
