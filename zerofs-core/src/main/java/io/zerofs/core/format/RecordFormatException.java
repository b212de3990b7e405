// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

/** A stored record that this program cannot read: damaged, or written by a newer format. Names no contents. */
public final class RecordFormatException extends Exception {
    RecordFormatException(String message) {
        super(message, null, false, false);
    }
}
