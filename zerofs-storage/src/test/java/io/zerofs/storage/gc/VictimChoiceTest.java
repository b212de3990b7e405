// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.Traffic;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The choice of the commits that are written again, on a busy volume and on an idle one. */
final class VictimChoiceTest {
    private static final long MIB = 1 << 20;
    private static final VictimChoice LOADED = loaded(VictimChoice.objectCost(Traffic.NONE));
    private static final VictimChoice IDLE = idle(VictimChoice.objectCost(Traffic.NONE));

    private static VictimChoice loaded(long objectCost) {
        return new VictimChoice(0.2, 4 * MIB, 64 * MIB, true, objectCost);
    }

    private static VictimChoice idle(long objectCost) {
        return new VictimChoice(0.1, MIB, 64 * MIB, false, objectCost);
    }

    /** A link whose speed is known from a put of 16 MiB. */
    private static long objectCost(long bytesPerSecond) throws Exception {
        ManualMonotonicClock clock = new ManualMonotonicClock();
        Traffic traffic = new Traffic(ConnectionSettings.DEFAULTS, clock);
        Traffic.Transfer put = traffic.attempt(16 * MIB, () -> {});
        put.begin();
        clock.advance(Duration.ofMillis(16 * MIB * 1000 / bytesPerSecond));
        put.answered(true);
        return VictimChoice.objectCost(traffic);
    }

    private static List<CommitSpace> commits(int count, long objectBytes, long liveBytes) {
        return LongStream.rangeClosed(1, count)
                .mapToObj(seq -> new CommitSpace(new CommitId(1, seq), objectBytes, liveBytes, 1, 0))
                .toList();
    }

    private static Set<Long> seqs(int count) {
        return LongStream.rangeClosed(1, count).boxed().collect(Collectors.toSet());
    }

    @Test
    void smallCommitsWaitUnderLoadUntilTheyFillOne() {
        assertEquals(Set.of(), LOADED.of(commits(500, 4500, 4100)));
        assertTrue(LOADED.of(commits(1100, 4500, 4100)).size() > 1000);
    }

    @Test
    void veryManyDoNotWaitHoweverLittleTheyHold() {
        assertEquals(Set.of(), LOADED.of(commits(1000, 300, 100)));
        assertEquals(seqs(1100), LOADED.of(commits(1100, 300, 100)));
    }

    @Test
    void fewObjectsAreMergedOnceTheVolumeIsIdle() {
        assertEquals(seqs(50), IDLE.of(commits(50, 4500, 4100)));
    }

    @Test
    void commitsWithMuchGarbageDoNotWait() {
        assertEquals(seqs(2), LOADED.of(commits(2, 4 * MIB, MIB)));
    }

    @Test
    void commitsOfTheSizeThatASlowLinkHasAreLeftAloneOrMergingThemWouldNeverEnd() throws Exception {
        for (long bytesPerSecond : new long[] {60_000, 1_250_000}) {
            long cost = objectCost(bytesPerSecond);
            assertEquals(Set.of(), loaded(cost).of(commits(200, MIB, MIB - 2000)));
            assertEquals(Set.of(), idle(cost).of(commits(200, MIB, MIB - 2000)));
            assertEquals(seqs(50), idle(cost).of(commits(50, 4500, 4100)));
        }
        Traffic unknown = new Traffic(ConnectionSettings.DEFAULTS, new ManualMonotonicClock());
        assertEquals(Set.of(), idle(VictimChoice.objectCost(unknown)).of(commits(200, MIB, MIB - 2000)));
        assertEquals(VictimChoice.objectCost(Traffic.NONE), objectCost(12_500_000));
    }
}
