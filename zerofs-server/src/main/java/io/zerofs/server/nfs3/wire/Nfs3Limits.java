// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

/** Limits on the wire, of the protocol and of ZeroFS. */
public final class Nfs3Limits {
    /** Maximum bytes of a file handle (NFS3_FHSIZE). */
    public static final int HANDLE_BYTES_MAX = 64;

    /** Maximum bytes of data of one READ or WRITE (rtmax, wtmax), and of one page of a directory listing. */
    public static final int TRANSFER_BYTES_MAX = 1 << 20;

    /**
     * Maximum bytes of a name that the server decodes, so that a name that is too long gets its status instead of a
     * protocol error.
     */
    public static final int NAME_BYTES_MAX = 4_096;

    /** Maximum bytes of a symlink target that the server decodes, likewise. */
    public static final int TARGET_BYTES_MAX = 8_192;

    /** Maximum bytes of a call without the data of a WRITE: its header, a handle and two names. */
    private static final int OVERHEAD_BYTES_MAX = 16_384;

    /** Maximum bytes of a call. */
    public static final int RECORD_BYTES_MAX = TRANSFER_BYTES_MAX + OVERHEAD_BYTES_MAX;

    private Nfs3Limits() {}
}
