// SPDX-License-Identifier: AGPL-3.0-only
/** Steps of one task that run side by side. */
package io.zerofs.storage.concurrent;
