// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The local index: RocksDB with metadata, chunk entries, frame tables and death records, and the one piece of code that
 * brings a durable commit into it. The only package that imports RocksDB; its contents are derived from the store and
 * may be rebuilt at any time.
 */
package io.zerofs.storage.index;
