// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

/** Receives the findings of a check when it makes them. Called by the thread that checks. */
public interface Findings {
    /**
     * A file has lost bytes. Bytes past its end may be among them.
     *
     * @param from offset of the first lost byte in the file
     * @param end offset after the last
     */
    void lost(long inode, long from, long end, String why);

    /** Something is wrong that concerns no file, or no file alone. */
    void wrong(String what);

    /** An object that the volume does not need deserves a look. */
    void remarkable(String what);
}
