// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.world.World;
import io.zerofs.storage.index.RocksIndex;
import java.util.SplittableRandom;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** The way into the index of a daemon. Its disk is full or slow now and then, or fails once after it has written. */
final class IndexFaults implements RocksIndex.Writer {
    private static final Status BUSY = new Status(Status.Code.Incomplete, Status.SubCode.None, "a write would wait");
    private static final Status FULL = new Status(Status.Code.IOError, Status.SubCode.NoSpace, "no space");
    private static final Status BROKEN = new Status(Status.Code.IOError, Status.SubCode.None, "input/output error");
    private static final int NEVER = Integer.MAX_VALUE;

    private final World world;
    private SplittableRandom random;
    private int refusedOneIn = NEVER;
    private int brokenOneIn = NEVER;
    private Long brokenAt;

    IndexFaults(World world) {
        this.world = world;
    }

    /** Lets writes fail from now on, in some lives. */
    void begin(SplittableRandom from, boolean mayBreak) {
        random = from.split();
        if (random.nextInt(3) == 0) {
            refusedOneIn = 2 + random.nextInt(100);
        }
        if (mayBreak && random.nextInt(6) == 0) {
            brokenOneIn = 1 + random.nextInt(300);
        }
    }

    void end() {
        refusedOneIn = NEVER;
        brokenOneIn = NEVER;
    }

    boolean isFaulty() {
        return refusedOneIn != NEVER || brokenOneIn != NEVER || brokenAt != null;
    }

    /** Returns the time of the failure after which the volume must stop; null if there was none. */
    Long brokenAt() {
        return brokenAt;
    }

    @Override
    public void write(RocksDB database, WriteOptions options, WriteBatch batch) throws RocksDBException {
        if (strikes(refusedOneIn)) {
            throw new RocksDBException(random.nextBoolean() ? BUSY : FULL);
        }
        database.write(options, batch);
        if (batch.count() > 0 && strikes(brokenOneIn)) {
            brokenOneIn = NEVER;
            brokenAt = world.now();
            throw new RocksDBException(BROKEN);
        }
    }

    private boolean strikes(int oneIn) {
        boolean strikes = oneIn != NEVER && random.nextInt(oneIn) == 0 && world.happens("index-fault");
        if (strikes) {
            world.note("index fault");
        }
        return strikes;
    }
}
