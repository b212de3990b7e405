// SPDX-License-Identifier: AGPL-3.0-only
/** Checks of a volume that only read: the index against itself, the objects in the store, the data in them. */
package io.zerofs.storage.check;
