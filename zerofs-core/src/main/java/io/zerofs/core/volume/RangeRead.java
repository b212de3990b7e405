// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;

/** A read of fixed content whose bytes may still be in the store. Used by one thread, once. */
public interface RangeRead {
    /**
     * Fills the destination from its position with the bytes of the range, holes as zeros, and advances its position.
     * May wait for the store: call it while holding no lock.
     *
     * @throws VolumeException UNAVAILABLE, CORRUPT, CLOSED
     */
    void into(ByteBuffer destination) throws VolumeException;
}
