// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * The change of one time in an attribute change.
 *
 * @param kind keep it, set it to the server's clock, or set it to {@code value}
 * @param value only with {@link Kind#SET}, else null
 */
public record TimeChange(Kind kind, Timestamp value) {
    /** The three ways of utimensat(2). */
    public enum Kind {
        KEEP,
        NOW,
        SET
    }

    public static final TimeChange KEEP = new TimeChange(Kind.KEEP, null);
    public static final TimeChange NOW = new TimeChange(Kind.NOW, null);

    public static TimeChange to(Timestamp value) {
        return new TimeChange(Kind.SET, value);
    }
}
