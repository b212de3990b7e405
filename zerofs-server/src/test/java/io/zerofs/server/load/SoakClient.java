// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.util.List;

/** One connection of one protocol to a directory of files, or to a device that is its only file. */
public interface SoakClient extends AutoCloseable {
    List<String> list() throws IOException;

    /** Reads from the offset to the end, or as many bytes as were asked for. */
    byte[] read(String name, long offset, int bytes) throws IOException;

    void write(String name, long offset, byte[] data) throws IOException;

    /** Zeros a range. */
    default void zero(String name, long offset, int bytes) throws IOException {
        write(name, offset, new byte[bytes]);
    }

    /** Returns when everything that was answered before is durable. */
    void sync(String name) throws IOException;

    /** Ends the connection without a word. */
    @Override
    void close() throws IOException;

    /** A client of files, not of a device. */
    interface OfFiles extends SoakClient {
        void create(String name) throws IOException;

        void truncate(String name, long size) throws IOException;

        void rename(String from, String to) throws IOException;

        void remove(String name) throws IOException;

        /** Sets an attribute of the file, where the protocol has any. */
        default boolean label(String name, long value) throws IOException {
            return false;
        }

        /** Returns the attribute of the file, or 0 if it has none. */
        default long label(String name) throws IOException {
            return 0;
        }

        /** Takes a lock that another session must not get until it is given back, where the protocol has locks. */
        default void lock(String name) throws IOException {
            // The protocol has none.
        }
    }
}
