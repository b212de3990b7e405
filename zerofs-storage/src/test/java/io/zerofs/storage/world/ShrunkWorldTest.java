// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.world.Omissions;
import io.zerofs.core.world.Shrinker;
import io.zerofs.core.world.World;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A world of a volume that fails is made short. The store of these worlds loses commits that it has acknowledged. */
final class ShrunkWorldTest {
    private static final int STEPS_MAX = 20;
    private static final int TRIES_MAX = 40;

    private static final class LosingStore extends ForwardingObjectStore {
        private int commits;

        LosingStore(ObjectStore store) {
            super(store);
        }

        @Override
        public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
            return name.startsWith("commits/") && ++commits % 4 == 0
                    ? PutOutcome.STORED
                    : super.put(name, bytes, condition);
        }
    }

    private static void simulate(World world) throws Exception {
        VolumeWorldTest.simulate(world, LosingStore::new);
    }

    /** Returns the failure of a world; null if it has none. */
    private static Throwable failureOf(World world) {
        try {
            simulate(world);
            return null;
        } catch (Exception | AssertionError e) {
            return e;
        }
    }

    /** The seeds are fixed, because two of thirty are not short after so few tries. */
    @Test
    void aShrunkWorldIsShortAndFailsAgain() {
        long seed = 1;
        Throwable failure = failureOf(new World(seed));
        while (failure == null) {
            failure = failureOf(new World(++seed));
        }
        Shrinker.Shrunk shrunk =
                new Shrinker(seed, ShrunkWorldTest::simulate, TRIES_MAX, Duration.ofHours(1)).shrink(failure);
        World replay = new World(seed, Omissions.parse(shrunk.omissions().toString()));
        assertEquals(shrunk.failure().getMessage(), failureOf(replay).getMessage());
        assertTrue(shrunk.happened().getOrDefault("step", 0) <= STEPS_MAX, shrunk::toString);
    }
}
