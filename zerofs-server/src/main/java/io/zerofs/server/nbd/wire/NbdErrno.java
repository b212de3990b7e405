// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** Error values of the transmission phase ("Error values"). */
public enum NbdErrno {
    EPERM(1),
    EIO(5),
    ENOMEM(12),
    EINVAL(22),
    ENOSPC(28),
    EOVERFLOW(75),
    ENOTSUP(95),
    ESHUTDOWN(108);

    private final int code;

    NbdErrno(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
