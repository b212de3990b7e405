// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The commit object, byte for byte: log and data in one object. The package seals and opens commits and fences. It uses the
 * store only to fetch ranges, and does not know RocksDB.
 */
package io.zerofs.storage.commit;
