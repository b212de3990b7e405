// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The commit object, byte for byte: log and data in one object. Seals and opens commits and fences; knows the store only
 * to fetch ranges, and nothing of RocksDB.
 */
package io.zerofs.storage.commit;
