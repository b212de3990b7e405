// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The local index: RocksDB with metadata, chunk entries, frame tables and records of dead frames, and the code that applies
 * a durable commit to it. Only this package imports RocksDB. The index is derived from the store, which can rebuild it at
 * any time.
 */
package io.zerofs.storage.index;
