// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

/** Versions of the stored format; only ever raised. The history stands in {@code docs/storage-format.md}. */
public enum FormatVersion {
    /** The first: volume, manifests, commits, fences, tables. Read and written by every program. */
    V1(1);

    public static final FormatVersion CURRENT = V1;

    private final int number;

    FormatVersion(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }
}
