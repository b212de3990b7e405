// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.commit;

import io.zerofs.storage.walls.index.SidewaysUser;

/** Uses a room of the floor above. */
public final class UpwardUser {
    SidewaysUser above;
}
