// SPDX-License-Identifier: AGPL-3.0-only
/** Read-ahead: pages that are fetched before a sequential reader asks for them. */
package io.zerofs.storage.engine.readahead;
