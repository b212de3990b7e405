// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Follows the parents of directories to the root, on a volume that may be damaged. One thread. */
final class DirectoryTree {
    /** Number of directories remembered as being below the root. */
    private static final int KNOWN_MAX = 1 << 16;

    private final Volume volume;
    private final Map<Long, Boolean> belowRoot = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > KNOWN_MAX;
        }
    };
    private InodeRecord inCycle;

    DirectoryTree(Volume volume) {
        this.volume = volume;
    }

    /**
     * Returns whether the parents of a directory lead to the root. A removed directory, which a client holds, needs no
     * parent. Finds a cycle when the way comes to a mark again, which moves on in steps that double (R. P. Brent).
     */
    boolean leadsToRoot(InodeRecord directory) throws VolumeException {
        List<Long> way = new ArrayList<>();
        InodeRecord at = directory;
        inCycle = null;
        long mark = 0;
        long steps = 0;
        long next = 1;
        while (at.number() != InodeId.ROOT_NUMBER && at.links() > 0 && belowRoot.get(at.number()) == null) {
            if (at.number() == mark) {
                inCycle = at;
                return false;
            }
            if (++steps == next) {
                mark = at.number();
                next *= 2;
            }
            if (way.size() < KNOWN_MAX) {
                way.add(at.number());
            }
            if (belowRoot.get(at.directory().parent()) != null) {
                break;
            }
            at = find(at.directory().parent());
            if (at == null) {
                return false;
            }
        }
        way.add(at.number());
        way.forEach(number -> belowRoot.put(number, true));
        return true;
    }

    /**
     * Returns whether this directory is the one of a cycle that has the least number. Called after {@link #leadsToRoot}
     * returned false for it.
     */
    boolean isLeastOfCycle(InodeRecord directory) throws VolumeException {
        if (inCycle == null) {
            return false;
        }
        long least = inCycle.number();
        for (InodeRecord at = find(inCycle.directory().parent());
                at != null && at.number() != inCycle.number();
                at = find(at.directory().parent())) {
            least = Math.min(least, at.number());
        }
        return least == directory.number();
    }

    /** Returns a directory; null if it is missing, unreadable or no directory. */
    InodeRecord find(long number) throws VolumeException {
        byte[] value = volume.get(Keys.inode(number));
        try {
            InodeRecord record = value == null ? null : InodeCodec.decode(number, value);
            return record != null && record.isDirectory() ? record : null;
        } catch (RecordFormatException e) {
            return null;
        }
    }
}
