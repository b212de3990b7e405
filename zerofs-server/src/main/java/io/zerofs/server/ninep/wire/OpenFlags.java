// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** Flags of Tlopen and Tlcreate: the values of open(2) on Linux (P9_DOTL_*), on every kind of client machine. */
public final class OpenFlags {
    public static final int ACCESS_MODE = 03;
    public static final int READ_ONLY = 00;
    public static final int WRITE_ONLY = 01;
    public static final int READ_WRITE = 02;
    public static final int EXCLUSIVE = 0200;
    public static final int TRUNCATE = 01000;
    public static final int APPEND = 02000;
    public static final int DATA_SYNC = 010000;
    public static final int DIRECTORY = 0200000;
    public static final int NO_FOLLOW = 0400000;
    public static final int SYNC = 04000000;

    private OpenFlags() {}
}
