// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

/** Versions of the stored format, which only grow. {@code docs/storage-format.md} has their history. */
public enum FormatVersion {
    /** The first format: volume, manifests, commits, fences, tables. Every version of the program uses it. */
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
