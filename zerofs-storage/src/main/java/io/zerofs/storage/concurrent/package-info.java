// SPDX-License-Identifier: AGPL-3.0-only
/** Steps of one task that run in parallel. */
package io.zerofs.storage.concurrent;
