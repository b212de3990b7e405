// SPDX-License-Identifier: AGPL-3.0-only
/** Ports of the engine for checkpoints and garbage collection. */
package io.zerofs.storage.engine.upkeep;
