// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/**
 * A forward walk over a key range, in key order, on the state at its opening. Confined to one thread; must be closed
 * by who opened it, soon: it pins memory and disk.
 */
public interface Cursor extends AutoCloseable {
    /** Moves to the next (at first: the first) entry; false at the end. */
    boolean next() throws VolumeException;

    byte[] key();

    byte[] value();

    @Override
    void close();
}
