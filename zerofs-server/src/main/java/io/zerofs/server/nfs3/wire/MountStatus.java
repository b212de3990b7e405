// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/** mountstat3 (RFC 1813 §5.1.5). */
public enum MountStatus {
    OK(0),
    PERM(1),
    NOENT(2),
    IO(5),
    ACCES(13),
    NOTDIR(20),
    INVAL(22),
    NAMETOOLONG(63),
    NOTSUPP(10_004),
    SERVERFAULT(10_006);

    private final int code;

    MountStatus(int code) {
        this.code = code;
    }

    /** Returns the number on the wire. */
    public int code() {
        return code;
    }
}
