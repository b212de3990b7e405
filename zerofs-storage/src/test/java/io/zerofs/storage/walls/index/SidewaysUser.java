// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.index;

import io.zerofs.storage.walls.cache.SdkUser;

/** Uses a room of its own floor. */
public final class SidewaysUser {
    SdkUser beside;
}
