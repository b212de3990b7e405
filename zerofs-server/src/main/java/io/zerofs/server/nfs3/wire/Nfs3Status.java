// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/** nfsstat3 (RFC 1813 §2.6). */
public enum Nfs3Status {
    OK(0),
    PERM(1),
    NOENT(2),
    IO(5),
    NXIO(6),
    ACCES(13),
    EXIST(17),
    XDEV(18),
    NODEV(19),
    NOTDIR(20),
    ISDIR(21),
    INVAL(22),
    FBIG(27),
    NOSPC(28),
    ROFS(30),
    MLINK(31),
    NAMETOOLONG(63),
    NOTEMPTY(66),
    DQUOT(69),
    STALE(70),
    REMOTE(71),
    BADHANDLE(10_001),
    NOT_SYNC(10_002),
    BAD_COOKIE(10_003),
    NOTSUPP(10_004),
    TOOSMALL(10_005),
    SERVERFAULT(10_006),
    BADTYPE(10_007),
    JUKEBOX(10_008);

    private final int code;

    Nfs3Status(int code) {
        this.code = code;
    }

    /** Returns the number on the wire. */
    public int code() {
        return code;
    }
}
