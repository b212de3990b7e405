// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs each damaged object once, however often it is read, and counts every failure. Thread-safe. */
public final class DamageLog {
    private static final Logger log = LoggerFactory.getLogger(DamageLog.class);

    // Beyond this many damaged objects, each failure is only counted.
    private static final int OBJECTS_MAX = 1024;

    private final Set<String> reported = ConcurrentHashMap.newKeySet();
    private final LongAdder failures = new LongAdder();

    public VolumeException report(CorruptObjectException damage) {
        failures.increment();
        if (reported.size() < OBJECTS_MAX && reported.add(damage.object())) {
            log.error("{}; the data in it cannot be read", damage.getMessage());
        }
        return new VolumeException(VolumeException.Kind.CORRUPT, damage.getMessage(), damage);
    }

    /** Returns the number of reads that failed because of damage since the start. */
    public long failures() {
        return failures.sum();
    }
}
