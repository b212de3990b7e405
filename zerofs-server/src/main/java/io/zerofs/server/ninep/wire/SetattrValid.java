// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

/** Which attributes a Tsetattr changes (P9_SETATTR_*). */
public final class SetattrValid {
    public static final int MODE = 0x001;
    public static final int UID = 0x002;
    public static final int GID = 0x004;
    public static final int SIZE = 0x008;
    /** To the time given if {@link #ACCESSED_SET} is there, else to the server's clock. */
    public static final int ACCESSED = 0x010;

    /** To the time given if {@link #MODIFIED_SET} is there, else to the server's clock. */
    public static final int MODIFIED = 0x020;

    /** To the server's clock; nobody can set ctime to another. */
    public static final int CHANGED = 0x040;

    public static final int ACCESSED_SET = 0x080;
    public static final int MODIFIED_SET = 0x100;

    private SetattrValid() {}
}
