// SPDX-License-Identifier: AGPL-3.0-only
/** Compression, encryption and the keys for it; secrets that do not print themselves. */
package io.zerofs.storage.seal;
