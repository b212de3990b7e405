// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Bits of access(2) for {@link VirtualFileSystem#access}. */
public final class AccessMask {
    public static final int READ = 4;
    public static final int WRITE = 2;
    public static final int EXECUTE = 1;

    private AccessMask() {}
}
