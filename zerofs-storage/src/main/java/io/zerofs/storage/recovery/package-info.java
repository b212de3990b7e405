// SPDX-License-Identifier: AGPL-3.0-only
/** Opening of a volume: keys, claim of an epoch, fences in older logs, restore of the index, replay. */
package io.zerofs.storage.recovery;
