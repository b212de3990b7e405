// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Arguments and results of MOUNT version 3 (RFC 1813 §5). */
public final class MountMessages {
    /** Maximum bytes of a path (MNTPATHLEN). */
    public static final int PATH_BYTES_MAX = 1_024;

    private MountMessages() {}

    /** Reads a dirpath: the argument of MNT and UMNT. */
    public static byte[] readPath(XdrReader in) throws MalformedMessageException {
        return in.readOpaque(PATH_BYTES_MAX);
    }

    /**
     * Writes the result of MNT (§5.2.1): the handle of the directory and the flavors of authentication that it accepts.
     */
    public static void writeMounted(XdrWriter out, byte[] handle, int... flavors) {
        out.writeInt(MountStatus.OK.code()).writeOpaque(handle).writeInt(flavors.length);
        for (int flavor : flavors) {
            out.writeInt(flavor);
        }
    }

    /** One line of DUMP: a client and the path that it mounted. */
    public record Mount(String host, byte[] path) {}

    /** Writes the result of DUMP (§5.2.2). */
    public static void writeMounts(XdrWriter out, List<Mount> mounts) {
        for (Mount mount : mounts) {
            out.writeBoolean(true)
                    .writeOpaque(mount.host.getBytes(StandardCharsets.UTF_8))
                    .writeOpaque(mount.path);
        }
        out.writeBoolean(false);
    }

    /** Writes the result of EXPORT (§5.2.5): paths that every client may mount. */
    public static void writeExports(XdrWriter out, List<byte[]> paths) {
        for (byte[] path : paths) {
            out.writeBoolean(true).writeOpaque(path).writeBoolean(false);
        }
        out.writeBoolean(false);
    }
}
