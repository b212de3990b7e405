// SPDX-License-Identifier: AGPL-3.0-only
/** Written data in memory: the open commit, those on their way, the budget, and the chunks that wait for compaction. */
package io.zerofs.storage.engine.memtable;
