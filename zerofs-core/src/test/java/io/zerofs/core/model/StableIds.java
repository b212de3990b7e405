// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.InodeId;
import java.util.HashMap;
import java.util.Map;

/**
 * Names files by the operation that created them, whose number their birth time has. Inode numbers depend on the order
 * of concurrent creations, these do not. Thread-safe.
 */
final class StableIds {
    private final Map<Long, InodeId> real = new HashMap<>();
    private final Map<InodeId, Long> numbers = new HashMap<>();

    static InodeId id(long operation) {
        return new InodeId(operation, 1);
    }

    /** Returns the real id of a file that was seen before. */
    synchronized InodeId real(InodeId id) {
        InodeId known = real.get(id.number());
        if (known == null) {
            throw new AssertionError("nobody can know the file of operation " + id.number());
        }
        return known;
    }

    /** Returns the same attributes with a stable id, and remembers which file has it. */
    Attributes stable(Attributes seen) {
        long number = OperationClock.operation(seen.created());
        remember(number, seen.id());
        return new Attributes(
                id(number),
                seen.kind(),
                seen.mode(),
                seen.links(),
                seen.uid(),
                seen.gid(),
                seen.size(),
                seen.allocatedBytes(),
                seen.device(),
                seen.accessed(),
                seen.modified(),
                seen.changed(),
                seen.created());
    }

    private synchronized void remember(long number, InodeId id) {
        InodeId known = real.putIfAbsent(number, id);
        Long creator = numbers.putIfAbsent(id, number);
        if (known != null && !known.equals(id) || creator != null && creator != number) {
            throw new AssertionError(id + " is of operation " + number + ", which created " + known
                    + ", and was created by operation " + creator);
        }
    }
}
