// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** Bits of the attributes that a Tsetattr changes (P9_SETATTR_*). */
public final class SetattrValid {
    public static final int MODE = 0x001;
    public static final int UID = 0x002;
    public static final int GID = 0x004;
    public static final int SIZE = 0x008;
    /** Sets atime: to the time in the message if {@link #ACCESSED_SET} is there, else to the server's clock. */
    public static final int ACCESSED = 0x010;

    /** Sets mtime: to the time in the message if {@link #MODIFIED_SET} is there, else to the server's clock. */
    public static final int MODIFIED = 0x020;

    /** Sets ctime to the server's clock, as every Tsetattr does. No client can set another ctime. */
    public static final int CHANGED = 0x040;

    public static final int ACCESSED_SET = 0x080;
    public static final int MODIFIED_SET = 0x100;

    private SetattrValid() {}
}
