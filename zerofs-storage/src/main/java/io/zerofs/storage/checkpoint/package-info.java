// SPDX-License-Identifier: AGPL-3.0-only
/** Checkpoints: upload of tables, the log that they do not cover, the local directory, the watch over the store. */
package io.zerofs.storage.checkpoint;
