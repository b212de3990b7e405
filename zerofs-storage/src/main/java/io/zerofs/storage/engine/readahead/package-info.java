// SPDX-License-Identifier: AGPL-3.0-only
/** Pages that are fetched for sequential readers before they ask for them. */
package io.zerofs.storage.engine.readahead;
