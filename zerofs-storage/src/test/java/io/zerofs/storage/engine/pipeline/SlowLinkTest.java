// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.Traffic;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commits on links of all speeds, in time that is computed: which attempts are given up, and how many are under way. */
final class SlowLinkTest {
    private static final double STEP_SECONDS = 0.05;
    private static final double MEGABIT = 1e6 / 8;
    private static final int UPLOADS = 16;

    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final Traffic traffic = new Traffic(ConnectionSettings.DEFAULTS, clock);
    private CommitPacing pacing = new CommitPacing(EngineSettings.DEFAULT.commits(), traffic);

    /**
     * A link that its connections share evenly.
     *
     * @param rate of all together, in bytes per second
     * @param ofOne that a single connection reaches, for want of patience with lost packets
     * @param buffer of a connection, which takes bytes at once and keeps them to itself
     * @param latency of an answer, in seconds
     */
    private record Link(double rate, double ofOne, long buffer, double latency) {}

    /** The result of a load. */
    private record Result(double seconds, long storedBytes, long sentBytes, int abortedAttempts, int inFlightMax) {}

    @ParameterizedTest
    @CsvSource({
        "0.5, 0, 128",
        "0.5, 300, 2048",
        "1, 300, 128",
        "1, 0, 2048",
        "2, 50, 4096",
        "4, 300, 512",
        "10, 0, 4096",
        "10, 300, 128",
        "100, 0, 1024",
        "100, 300, 4096",
    })
    void everythingIsStoredOnceAtTheSpeedOfTheLink(double megabits, double latencyMillis, long bufferKib)
            throws Exception {
        Link link = new Link(megabits * MEGABIT, Double.MAX_VALUE, bufferKib << 10, latencyMillis / 1e3);
        pacing = shortOfMemory();
        ask(link);
        long bytes = (long) (link.rate() * 600);
        Result result = upload(link, bytes);
        assertEquals(0, result.abortedAttempts(), result::toString);
        assertEquals(result.storedBytes(), result.sentBytes(), result::toString);
        assertTrue(result.storedBytes() / result.seconds() > 0.9 * link.rate(), result::toString);
    }

    @ParameterizedTest
    @CsvSource({"40, 100", "40, 500", "59, 400", "59, 10000", "200, 10000"})
    void whereOneConnectionIsSlowManyAreUsed(double kilobytesOfOne, double kilobytesOfAll) throws Exception {
        Link link = new Link(kilobytesOfAll * 1e3, kilobytesOfOne * 1e3, 64 << 10, 0.3);
        Result result = upload(link, (long) (link.rate() * 300));
        double possible = Math.min(link.rate(), EngineSettings.DEFAULT.commits().uploadsMax() * link.ofOne());
        assertTrue(result.storedBytes() / result.seconds() > 0.9 * possible, result::toString);
    }

    /** TCP needs many round trips until a connection is fast, so that bytes in flight must be on many of them. */
    @Test
    void longRoundTripHasManySmallCommitsInFlightEvenIfMemoryIsShort() throws Exception {
        pacing = shortOfMemory();
        Link link = new Link(100 * MEGABIT, 800e3, 64 << 10, 0.3);
        ask(link);
        Result result = upload(link, (long) (link.rate() * 60));
        assertTrue(result.inFlightMax() > 12, result::toString);
        assertTrue(result.storedBytes() / result.seconds() > 0.75 * UPLOADS / 2 * link.ofOne(), result::toString);
    }

    /** New connections are slow, so that the first commits show only a part of the link's rate. */
    @Test
    void lowEstimateOfTheRateDoesNotReduceConnections() throws Exception {
        pacing = shortOfMemory();
        Link link = new Link(3e6, Double.MAX_VALUE, 64 << 10, 0.3);
        ask(link);
        Result result = upload(link, (long) (link.rate() * 60));
        assertTrue(result.inFlightMax() > 12, result::toString);
    }

    /** Connections that begin later stay slow for seconds. */
    @Test
    void longRoundTripOfAnUnknownRateBeginsWithAllConnections() throws Exception {
        pacing = shortOfMemory();
        Link link = new Link(100 * MEGABIT, 800e3, 64 << 10, 0.3);
        ask(link);
        Result result = upload(link, 12_000_000);
        assertTrue(result.inFlightMax() > 12, result::toString);
    }

    /** Returns the pacing of a program with little memory. */
    private CommitPacing shortOfMemory() {
        return new CommitPacing(
                EngineSettings.DEFAULT.commits().withCut(6_000_000, 12_000_000).withUploads(UPLOADS, 16_000_000),
                traffic);
    }

    @Test
    void shortRoundTripHasFewLargeCommitsInFlight() throws Exception {
        Link link = new Link(1000 * MEGABIT, Double.MAX_VALUE, 4 << 20, 0.02);
        ask(link);
        upload(link, 1L << 30);
        assertEquals(EngineSettings.DEFAULT.commits().cutBytes(), pacing.cutBytes());
    }

    /** Sends a small request, as each opening of a volume does. */
    private void ask(Link link) throws IOException {
        Traffic.Transfer small = traffic.attempt(0, () -> {});
        small.begin();
        clock.advance(Duration.ofMillis((long) (link.latency() * 1e3)));
        small.answered(true);
        small.end();
    }

    @Test
    void commitsInFlightArriveOnALinkThatBecomesSlow() throws Exception {
        upload(new Link(100 * MEGABIT, Double.MAX_VALUE, 1 << 20, 0.03), 1L << 30);
        Result slow = upload(new Link(0.5 * MEGABIT, Double.MAX_VALUE, 1 << 20, 0.03), 100L << 20);
        assertTrue(slow.storedBytes() >= 0.9 * slow.sentBytes(), slow::toString);
    }

    @Test
    void aSlowLinkHasFewCommitsUnderWayAndAFastOneAllThatAreAllowed() throws Exception {
        Link link = new Link(0.5 * MEGABIT, Double.MAX_VALUE, 64 << 10, 0.1);
        upload(link, 2 << 20);
        Result slow = upload(link, 20 << 20);
        assertEquals(2, slow.inFlightMax(), slow::toString);
        upload(new Link(1000 * MEGABIT, Double.MAX_VALUE, 4 << 20, 0.02), 4L << 30);
        assertEquals(EngineSettings.DEFAULT.commits().cutBytes(), pacing.cutBytes());
    }

    /** Uploads as the pipeline does, while there is always something to upload. */
    private Result upload(Link link, long bytes) throws IOException {
        List<Upload> running = new ArrayList<>();
        long begun = 0;
        long stored = 0;
        long sentBefore = traffic.movedBytes();
        int aborted = 0;
        int inFlightMax = 0;
        double seconds = 0;
        while (stored < bytes) {
            while (begun < bytes && hasSlot(running)) {
                Upload next =
                        new Upload(Math.min(pacing.cutBytes(running.size()), (int) Math.min(1 << 30, bytes - begun)));
                begun += next.size;
                running.add(next);
            }
            inFlightMax = Math.max(inFlightMax, running.size());
            clock.advance(Duration.ofMillis((long) (STEP_SECONDS * 1e3)));
            seconds += STEP_SECONDS;
            assertTrue(seconds < 100_000, "never stored");
            long moving = running.stream().filter(Upload::isMoving).count();
            double share = Math.min(link.ofOne(), link.rate() / Math.max(1, moving)) * STEP_SECONDS;
            for (Upload upload : List.copyOf(running)) {
                upload.move(share, link);
                if (upload.isStored(link)) {
                    upload.transfer.answered(true);
                    upload.transfer.end();
                    stored += upload.size;
                    running.remove(upload);
                }
            }
            traffic.look();
            for (int i = 0; i < running.size(); i++) {
                if (running.get(i).transfer.isSilent()) {
                    aborted++;
                    running.get(i).transfer.end();
                    running.set(i, new Upload(running.get(i).size));
                }
            }
        }
        return new Result(seconds, stored, traffic.movedBytes() - sentBefore, aborted, inFlightMax);
    }

    private boolean hasSlot(List<Upload> running) {
        long bytes = running.stream().mapToLong(upload -> upload.size).sum();
        OpenCommit next = new OpenCommit(1);
        next.account(pacing.cutBytes(running.size()));
        next.freeze();
        return running.isEmpty() || pacing.hasRoom(running.size(), bytes, next);
    }

    /** One attempt: bytes go into the buffer of its connection, and from there over the link. */
    private final class Upload {
        private final int size;
        private final Traffic.Transfer transfer;
        private double sent;
        private double arrived;
        private double waited;

        Upload(int size) throws IOException {
            this.size = size;
            this.transfer = traffic.attempt(size, () -> {});
            transfer.begin();
        }

        boolean isMoving() {
            return arrived < size;
        }

        void move(double share, Link link) {
            arrived = Math.min(size, arrived + share);
            waited += isMoving() ? 0 : STEP_SECONDS;
            double taken = Math.min(size, arrived + link.buffer());
            transfer.sent((long) taken - (long) sent);
            sent = taken;
        }

        boolean isStored(Link link) {
            return !isMoving() && waited >= link.latency();
        }
    }
}
