// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.bytes;

/** Stored bytes are damaged, cut short, or do not belong under their name. Names the object and the place. */
public final class CorruptObjectException extends Exception {
    private final String object;
    private final boolean foreign;

    public CorruptObjectException(String object, String position, String problem) {
        this(object, position, problem, null);
    }

    public CorruptObjectException(String object, String position, String problem, Throwable cause) {
        this(object, position, problem, cause, false);
    }

    private CorruptObjectException(String object, String position, String problem, Throwable cause, boolean foreign) {
        super("object " + object + ", " + position + ": " + problem, cause);
        this.object = object;
        this.foreign = foreign;
    }

    public static CorruptObjectException foreign(String object, String position, String problem) {
        return new CorruptObjectException(object, position, problem, null, true);
    }

    /** Returns whether no version of ZeroFS can have written the object: it is neither a commit of ours nor a fence. */
    public boolean isForeign() {
        return foreign;
    }

    /** Returns the object's name relative to the storage URL. */
    public String object() {
        return object;
    }
}
