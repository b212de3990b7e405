// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;

/** A change that settles a problem of a check. */
record Fix(Phase phase, Change change) {
    /** The order of changes after one check. Changes of one phase do not depend on each other. */
    enum Phase {
        RECORDS,
        RESCUES,
        NAMES,
        REMOVALS,
        CONNECTIONS
    }

    /** Reads the records again, because other changes may have come first, and changes them. */
    interface Change {
        void with(RecordRepair repair) throws VolumeException, IOException, RecordFormatException;
    }

    static Fix record(Change change) {
        return new Fix(Phase.RECORDS, change);
    }

    static Fix rescue(long inode) {
        return new Fix(Phase.RESCUES, repair -> repair.rescue(inode));
    }

    static Fix name(Change change) {
        return new Fix(Phase.NAMES, change);
    }

    static Fix removal(Change change) {
        return new Fix(Phase.REMOVALS, change);
    }

    static Fix connection(long inode) {
        return new Fix(Phase.CONNECTIONS, repair -> repair.connect(inode));
    }
}
