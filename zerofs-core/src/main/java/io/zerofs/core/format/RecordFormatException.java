// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

/** A stored record that this program cannot read, because it is damaged or has a newer format. Never has contents. */
public final class RecordFormatException extends Exception {
    private final boolean newer;

    RecordFormatException(String message) {
        this(message, false);
    }

    private RecordFormatException(String message, boolean newer) {
        super(message, null, false, false);
        this.newer = newer;
    }

    /** Returns the exception for a record of a version that this program does not know. */
    static RecordFormatException ofVersion(int found, int bytes, int known) {
        String what = "record version " + found + " in " + bytes + " bytes, this program reads " + known;
        return found > known
                ? new RecordFormatException(what + ": of a newer format", true)
                : new RecordFormatException(what);
    }

    /** Returns whether the version is above the known one. A newer program may be able to read the record. */
    public boolean isNewer() {
        return newer;
    }
}
