// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.object;

import io.zerofs.core.volume.Volume;

/** A store that knows the use of its bytes. */
public final class VolumeUser {
    Volume volume;
}
