// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Compression, encryption and key wrapping. Only this package knows ciphers, keys and the sealing of pages. It uses object
 * names only in messages, and does no I/O.
 */
package io.zerofs.storage.seal;
