// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;

/** A read whose meaning is fixed and whose bytes may still have to be fetched. Used by one thread, once. */
public interface RangeRead {
    /**
     * Fills the destination from its position with the bytes of the range, holes as zeros, and advances its position.
     * May wait for the store: call it holding no lock.
     *
     * @throws VolumeException UNAVAILABLE, CORRUPT, CLOSED
     */
    void into(ByteBuffer destination) throws VolumeException;
}
