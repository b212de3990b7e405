// SPDX-License-Identifier: AGPL-3.0-only
/** The path of a batch into the index and the open commit. */
package io.zerofs.storage.engine.write;
