// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.server.nfs3.wire.MountMessages.Mount;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The mounts that clients reported, for information only (RFC 1813 §5.2.2). The daemon forgets them when it ends. A
 * full table drops the oldest line. Thread-safe.
 */
final class MountTable {
    static final int LINES_MAX = 1_024;

    private final Deque<Mount> mounts = new ArrayDeque<>();

    synchronized void add(String host, byte[] path) {
        remove(host, path);
        if (mounts.size() == LINES_MAX) {
            mounts.removeFirst();
        }
        mounts.addLast(new Mount(host, path));
    }

    synchronized void remove(String host, byte[] path) {
        mounts.removeIf(mount -> mount.host().equals(host) && Arrays.equals(mount.path(), path));
    }

    synchronized void removeAll(String host) {
        mounts.removeIf(mount -> mount.host().equals(host));
    }

    synchronized List<Mount> list() {
        return List.copyOf(mounts);
    }
}
