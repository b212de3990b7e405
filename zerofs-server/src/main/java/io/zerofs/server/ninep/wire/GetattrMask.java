// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** Bits of the attributes that a Tgetattr requests and an Rgetattr has (P9_GETATTR_*). */
public final class GetattrMask {
    public static final long MODE = 0x001;
    public static final long LINKS = 0x002;
    public static final long UID = 0x004;
    public static final long GID = 0x008;
    public static final long DEVICE = 0x010;
    public static final long ACCESSED = 0x020;
    public static final long MODIFIED = 0x040;
    public static final long CHANGED = 0x080;
    public static final long INODE = 0x100;
    public static final long SIZE = 0x200;
    public static final long BLOCKS = 0x400;
    public static final long CREATED = 0x800;
    public static final long GENERATION = 0x1000;
    public static final long DATA_VERSION = 0x2000;

    /** All bits (P9_GETATTR_ALL). */
    public static final long ALL = 0x3FFF;

    private GetattrMask() {}
}
