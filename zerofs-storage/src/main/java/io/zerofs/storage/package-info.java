// SPDX-License-Identifier: AGPL-3.0-only
/** The door of this module: opens a volume on an object store, with everything that keeps it in order. */
package io.zerofs.storage;
