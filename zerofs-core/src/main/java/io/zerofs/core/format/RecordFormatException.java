// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

/** A stored record that this program cannot read, because it is damaged or has a newer format. Never has contents. */
public final class RecordFormatException extends Exception {
    RecordFormatException(String message) {
        super(message, null, false, false);
    }
}
