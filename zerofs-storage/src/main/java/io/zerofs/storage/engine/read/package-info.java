// SPDX-License-Identifier: AGPL-3.0-only
/** The path of a read: memory, the page cache, the store. */
package io.zerofs.storage.engine.read;
