// SPDX-License-Identifier: AGPL-3.0-only
/** Snapshots: named states of a running volume. */
package io.zerofs.storage.snapshot;
