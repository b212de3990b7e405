// SPDX-License-Identifier: AGPL-3.0-only
/** The entry of this module: opens a volume on an object store, with checkpoints and garbage collection. */
package io.zerofs.storage;
