// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The volume port on an object store: one open commit in memory, one durability barrier, ordered acknowledgement.
 *
 * <p>Lock order: the user's locks, the shared side of the {@link io.zerofs.storage.engine.write.CommitGate}, chunk stripes
 * ascending, then leaf locks that are held for a few instructions (log, slots, budget). The pipeline's lock comes
 * before the exclusive side of the gate and is never taken under its shared side. Nothing waits for the store, for
 * memory or for an upload slot while it holds any of them.
 */
package io.zerofs.storage.engine;
