// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/** Limits on the wire; those of the protocol and ours. */
public final class Nfs3Limits {
    /** NFS3_FHSIZE: longest file handle. */
    public static final int HANDLE_BYTES_MAX = 64;

    /** Most data of one READ or WRITE (rtmax, wtmax), and most of a directory listing. */
    public static final int TRANSFER_BYTES_MAX = 1 << 20;

    /** Longest name that is decoded, so that one that is too long gets its status instead of a protocol error. */
    public static final int NAME_BYTES_MAX = 4_096;

    /** Longest symlink target that is decoded, likewise. */
    public static final int TARGET_BYTES_MAX = 8_192;

    /** Most bytes of a call besides the data of a WRITE: its header, a handle and two names. */
    private static final int OVERHEAD_BYTES_MAX = 16_384;

    /** Longest call. */
    public static final int RECORD_BYTES_MAX = TRANSFER_BYTES_MAX + OVERHEAD_BYTES_MAX;

    private Nfs3Limits() {}
}
