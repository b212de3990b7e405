// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/**
 * A forward scan of a key range, in key order, over the state at its opening. Used by one thread; the opener must close
 * it soon, because it pins memory and disk.
 */
public interface Cursor extends AutoCloseable {
    /** Moves to the next (at first: the first) entry. Returns false at the end. */
    boolean next() throws VolumeException;

    byte[] key();

    byte[] value();

    @Override
    void close();
}
