// SPDX-License-Identifier: AGPL-3.0-only
/** Threads, time, limits and the switch that ends the engine. */
package io.zerofs.storage.engine.runtime;
