// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

/** Stored bytes are damaged, cut short, or not those that belong under their name. Names the object and the place. */
public final class CorruptObjectException extends Exception {
    private final String object;
    private final String position;

    public CorruptObjectException(String object, String position, String problem) {
        this(object, position, problem, null);
    }

    public CorruptObjectException(String object, String position, String problem, Throwable cause) {
        super("object " + object + ", " + position + ": " + problem, cause);
        this.object = object;
        this.position = position;
    }

    /** Relative to the storage URL. */
    public String object() {
        return object;
    }

    /** The part of the object. */
    public String position() {
        return position;
    }
}
