// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.Traffic;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Decides the size of commits and the number of bytes in flight. On a slow link commits are small, so that each is stored
 * soon and a failed attempt loses little. No more are in flight than the link carries in a while. Guarded by the pipeline,
 * except for {@link #cutBytes} and {@link #isGrowing}, which any thread may call.
 */
final class CommitPacing {
    /** Minimum bytes of a cut. Garbage collection would write smaller commits again. */
    private static final int CUT_BYTES_MIN = 1 << 20;

    /** Bytes of a cut while the rate is unknown. Small commits on many connections measure it soon. */
    private static final int FIRST_CUT_BYTES = 256 << 10;

    /** Seconds of the link's rate that make one commit. */
    private static final double CUT_SECONDS = 1.25;

    /** Maximum commits in flight without a long round trip. More would split the changes of callers into more requests. */
    private static final int USUAL_UPLOADS_MAX = 8;

    /** Commits that always fit into the bytes in flight. */
    private static final int PARALLEL_MIN = 2;

    /** Maximum latency of a short link. */
    private static final double SHORT_SECONDS = 0.03;

    /** Latency beyond it that demands one more parallel commit. */
    private static final double SECONDS_PER_UPLOAD = 0.01;

    /**
     * Latencies of the measured rate in flight that are enough; more parallel commits gain nothing. New connections are slow:
     * they showed a fifth of the link's rate.
     */
    private static final int LATENCIES_IN_FLIGHT = 16;

    /** Maximum time that a barrier waits for others to join, while other commits are in flight. */
    private static final long SPACING_NANOS_MAX = 10_000_000L;

    /** Maximum upload time of a commit that grows because clients rewrite its data. */
    private static final long GROWN_NANOS_MAX = 1_000_000_000L;

    private static final int RECENT_MAX = 1024;

    /** Number of uploads in the moving average of their duration. */
    private static final int UPLOADS_AVERAGED = 8;

    private final EngineSettings.Commits settings;
    private final Traffic traffic;
    private final Deque<Recent> recent = new ArrayDeque<>();
    private long recentBytes;
    private long lastCutNanos;
    private long uploadNanos;
    private double bytesPerNano;
    private volatile long grownBytesMax;

    CommitPacing(EngineSettings.Commits settings, Traffic traffic) {
        this.settings = settings;
        this.traffic = traffic;
        this.grownBytesMax = settings.grownBytesMax();
    }

    private record Recent(long seq, long bytes) {}

    /** Returns the memory at which a commit is cut for its size. */
    int cutBytes() {
        return (int) bound(CUT_SECONDS, CUT_BYTES_MIN, Math.min(settings.cutBytes(), shareBytes()));
    }

    /** Returns the share of a commit in the bytes in flight on a link with a long round trip. */
    private long shareBytes() {
        return Math.max(CUT_BYTES_MIN, settings.uploadBytesMax() / parallel());
    }

    /**
     * Returns the number of parallel commits that the round trip demands. A connection waits a round trip for its answer, and
     * TCP also needs many round trips until a connection is fast. So a long link wants many connections, with a small commit
     * each. A short or slow link wants few, because large commits cost fewer requests.
     */
    private int parallel() {
        double seconds = traffic.latencySeconds();
        double rate = traffic.bytesPerSecond();
        // Connections that begin together become fast together; a later one would stay slow beside fast ones.
        double needed = rate == 0 ? Double.MAX_VALUE : LATENCIES_IN_FLIGHT * seconds * rate / CUT_BYTES_MIN;
        double wanted = Math.min((seconds - SHORT_SECONDS) / SECONDS_PER_UPLOAD, needed);
        return PARALLEL_MIN + (int) Math.min(Math.max(0, wanted), settings.uploadsMax());
    }

    /**
     * Returns the memory at which a commit is cut that has {@code before} unfinished ones before it. Only as many commits as
     * may be in flight are small, whatever is written until the first of them is answered.
     */
    int cutBytes(long before) {
        boolean isFirst = traffic.bytesPerSecond() == 0 && before < usualUploadsMax();
        return isFirst ? (int) bound(CUT_SECONDS, FIRST_CUT_BYTES, settings.cutBytes()) : cutBytes();
    }

    /**
     * Returns whether one more commit may be in flight. The last one may exceed the measured rate of the link: if only the
     * connections are slow, one more carries more. While the rate is unknown, all connections measure it.
     *
     * @param uploads commits in flight
     * @param bytes their memory
     * @param commit frozen if it was cut for its size, open if a caller waits for it
     */
    boolean hasRoom(int uploads, long bytes, OpenCommit commit) {
        int usual = usualUploadsMax();
        int most = Math.max(usual, Math.min(settings.uploadsMax(), parallel()));
        if (uploads >= (commit.isFrozen() ? most : usual)) {
            return false;
        }
        double window = traffic.settings().uploadWindow().toMillis() / 1e3;
        long least = traffic.bytesPerSecond() == 0 ? (long) most * CUT_BYTES_MIN : 2L * cutBytes();
        return bytes < bound(window, least, settings.uploadBytesMax())
                && bytes + commit.memoryBytes() <= settings.uploadBytesMax();
    }

    /**
     * Whether a commit grows beyond {@link #cutBytes}. Data that is rewritten repeatedly goes to the store once for each
     * commit, and scattered overwrites make a delta in each. Such a commit therefore waits for the timer or a barrier, as
     * long as its upload takes a second at most.
     */
    boolean isGrowing(OpenCommit commit) {
        return (commit.rewritesMost() || commit.isScattered())
                && commit.overheadBytes() < settings.cutBytes()
                && commit.memoryBytes() < grownBytesMax;
    }

    /**
     * Returns the nanoseconds until the next cut that barriers ask for. Their commits begin evenly over the time that one
     * takes. If the first few callers took all slots at once, later callers would wait for nearly two uploads, and each
     * would cost a request.
     */
    long spacingLeft(long nowNanos) {
        long spacing = Math.min(SPACING_NANOS_MAX, uploadNanos / usualUploadsMax());
        return spacing == 0 ? 0 : lastCutNanos + spacing - nowNanos;
    }

    /** Notes a cut; returns the first recent commit. Recent is what the open commit would still hold at its largest size. */
    long cut(OpenCommit commit, long nowNanos) {
        lastCutNanos = nowNanos;
        recent.addLast(new Recent(commit.seq(), commit.memoryBytes()));
        recentBytes += commit.memoryBytes();
        while (recentBytes > grownBytesMax || recent.size() > RECENT_MAX) {
            recentBytes -= recent.removeFirst().bytes();
        }
        return recent.isEmpty() ? commit.seq() + 1 : recent.peekFirst().seq();
    }

    /** Notes how long an upload took; only large commits tell how fast the link is. */
    void stored(long bytes, long nanos) {
        uploadNanos += (nanos - uploadNanos) / (uploadNanos == 0 ? 1 : UPLOADS_AVERAGED);
        if (bytes >= cutBytes() / 4) {
            double now = (double) bytes / Math.max(1, nanos);
            bytesPerNano += (now - bytesPerNano) / (bytesPerNano == 0 ? 1 : UPLOADS_AVERAGED);
            grownBytesMax = (long) Math.min(settings.grownBytesMax(), bytesPerNano * GROWN_NANOS_MAX);
        }
    }

    private int usualUploadsMax() {
        return Math.min(USUAL_UPLOADS_MAX, settings.uploadsMax());
    }

    private long bound(double seconds, long min, long max) {
        if (!traffic.isLink()) {
            return max;
        }
        return Math.min(max, Math.max(min, (long) (traffic.bytesPerSecond() * seconds)));
    }
}
