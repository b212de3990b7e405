// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The attempts that are aborted, and the measured rate of the link. */
final class TrafficTest {
    private static final Duration SILENCE = Duration.ofSeconds(15);
    private static final int MIB = 1 << 20;

    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final Traffic traffic = new Traffic(
            new ConnectionSettings(16, Duration.ofSeconds(1), SILENCE, 64 << 10, Duration.ofSeconds(30)), clock);
    private final AtomicInteger aborts = new AtomicInteger();

    private Traffic.Transfer begin(long bytes) throws Exception {
        Traffic.Transfer transfer = traffic.attempt(bytes, aborts::incrementAndGet);
        transfer.begin();
        return transfer;
    }

    private static void fail() {
        throw new InternalError("of this test");
    }

    private void pass(Duration time) {
        clock.advance(time);
        traffic.look();
    }

    @Test
    void aBodyThatMovesIsNeverGivenUpHoweverLongItTakes() throws Exception {
        Traffic.Transfer put = begin(100 * MIB);
        for (int i = 0; i < 1000; i++) {
            put.sent(8 << 10);
            pass(SILENCE.minusSeconds(1));
        }
        assertFalse(put.isSilent());
        assertEquals(1000 * (8 << 10), traffic.movedBytes());
    }

    @Test
    void sentBytesHaveTimeToArriveOnASlowLink() throws Exception {
        Traffic.Transfer put = begin(MIB);
        put.sent(MIB);
        pass(SILENCE.plusSeconds(16));
        assertFalse(put.isSilent(), "a mebibyte needs 16 seconds");
        pass(SILENCE.plusSeconds(32));
        assertTrue(put.isSilent());
        put.end();
    }

    /** Nobody would look again, and attempts whose server is gone would wait for the operating system. */
    @Test
    void anErrorWhileOneAttemptIsEndedLeavesTheOthersToBeEnded() throws Exception {
        Traffic.Transfer failing = traffic.attempt(0, TrafficTest::fail);
        failing.begin();
        begin(0);

        pass(SILENCE.plusSeconds(1));

        assertEquals(1, aborts.get());
    }

    @Test
    void silenceEndsAttemptsInTheOrderOfTheirBegin() throws Exception {
        List<Integer> ended = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            int number = i;
            traffic.attempt(0, () -> ended.add(number)).begin();
        }
        pass(SILENCE);
        assertEquals(IntStream.range(0, 16).boxed().toList(), ended);
    }

    @Test
    void aFastLinkIsNotWaitedFor() throws Exception {
        Traffic.Transfer known = begin(MIB);
        known.sent(MIB);
        clock.advance(Duration.ofMillis(100));
        known.answered(true);
        known.end();
        Traffic.Transfer put = begin(MIB);
        put.sent(MIB);
        pass(SILENCE.plusSeconds(1));
        assertTrue(put.isSilent());
        put.end();
    }

    @Test
    void aRequestWithoutABodyAndAnAnswerThatTricklesAreGivenUpAfterTheSilence() throws Exception {
        Traffic.Transfer silent = begin(0);
        Traffic.Transfer trickling = begin(0);
        trickling.answered(true);
        for (int i = 0; i < SILENCE.toSeconds() - 1; i++) {
            trickling.received(100);
            pass(Duration.ofSeconds(1));
        }
        assertEquals(0, aborts.get());
        pass(Duration.ofSeconds(1));
        assertTrue(silent.isSilent() && trickling.isSilent());
        pass(SILENCE);
        assertEquals(2, aborts.get(), "each is aborted once");
    }

    @Test
    void endedTransfersAreNotAborted() throws Exception {
        begin(MIB).end();
        pass(SILENCE.multipliedBy(100));
        assertEquals(0, aborts.get());
    }

    @Test
    void putsSideBySideShareTheLink() throws Exception {
        Traffic.Transfer[] puts = {begin(MIB), begin(MIB), begin(MIB), begin(MIB)};
        clock.advance(Duration.ofSeconds(4));
        for (Traffic.Transfer put : puts) {
            put.answered(true);
            put.end();
        }
        assertEquals(MIB, traffic.bytesPerSecond(), 1);
    }

    @Test
    void failedAttemptsAndSmallPutsTeachNothingAboutTheLink() throws Exception {
        Traffic.Transfer failed = begin(MIB);
        Traffic.Transfer small = begin(100);
        clock.advance(Duration.ofSeconds(1));
        failed.answered(false);
        failed.end();
        small.answered(true);
        small.end();
        assertEquals(0, traffic.bytesPerSecond());
    }
}
