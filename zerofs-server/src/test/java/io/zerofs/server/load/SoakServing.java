// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The daemon that serves now. A script writes the file after each start. It has the number of the start, the end of
 * the start before ({@code stop} is an orderly one), and the daemon's name, ports and process.
 */
record SoakServing(int number, String end, String name, int nfs, int ninep, int nbd, int metrics, long pid) {
    static SoakServing read(Path file) throws IOException {
        String[] words = Files.readString(file).trim().split(" ");
        return new SoakServing(
                Integer.parseInt(words[0]),
                words[1],
                words[2],
                Integer.parseInt(words[3]),
                Integer.parseInt(words[4]),
                Integer.parseInt(words[5]),
                Integer.parseInt(words[6]),
                Long.parseLong(words[7]));
    }

    /** Returns whether no answered change may be missing since the other daemon served. */
    boolean isOrderlyAfter(SoakServing other) {
        return number == other.number || number == other.number + 1 && end.equals("stop");
    }
}
