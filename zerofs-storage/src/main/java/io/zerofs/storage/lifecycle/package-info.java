// SPDX-License-Identifier: AGPL-3.0-only
/**
 * Opens a volume and keeps its log short: the volume object, the chain of manifests, claiming and fencing, rebuilding the
 * local database, replay, checkpoints.
 */
package io.zerofs.storage.lifecycle;
