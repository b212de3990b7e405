// SPDX-License-Identifier: AGPL-3.0-only
/**
 * A narrow port to a store of immutable blobs, its value types and its decorators. Adapters are in packages of their own,
 * and only they import an SDK.
 */
package io.zerofs.storage.object;
