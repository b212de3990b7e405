// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The traffic between this process and a store in the network: gives requests their turn, estimates how many bytes a second go
 * up, and ends attempts of which nothing moves any more, however long they took before. Thread-safe.
 */
public final class Traffic implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Traffic.class);

    /** Of a store that is no link away; nothing is known of it and nothing is held back. */
    public static final Traffic NONE = new Traffic(ConnectionSettings.DEFAULTS, MonotonicClock.system());

    /** Steps in which bytes count as progress: a server that trickles is no better than a silent one. */
    private static final int STEP_BYTES = 4 << 10;

    /** A put of fewer bytes tells of latency only. */
    private static final long SAMPLE_BYTES_MIN = 16 << 10;

    /** A put that took less says that the link is fast, but not that it became slower. */
    private static final long SLOW_NANOS = 2_000_000_000L;

    /** Bytes of one connection that the kernel or a proxy may have taken and not yet sent. */
    private static final long HIDDEN_BYTES_MAX = 4 << 20;

    private static final int LOOKS_PER_SILENCE = 8;

    private final ConnectionSettings settings;
    private final MonotonicClock clock;
    private final Semaphore turns;
    private final Set<Transfer> transfers = ConcurrentHashMap.newKeySet();
    private final LongAdder moved = new LongAdder();
    private ScheduledExecutorService watch;

    // Guarded by this: puts and their bytes in flight, and both added up over time.
    private int puts;
    private long putBytes;
    private double putSeconds;
    private double byteSeconds;
    private long settledNanos;
    private volatile double bytesPerSecond;

    /** Silent attempts end when somebody has a {@link #look}. */
    public Traffic(ConnectionSettings settings, MonotonicClock clock) {
        this.settings = settings;
        this.clock = clock;
        this.turns = new Semaphore(settings.requestsMax(), true);
        this.settledNanos = clock.nanoTime();
    }

    /** With a thread that looks for silent attempts until it is closed. */
    public static Traffic watched(ConnectionSettings settings) {
        Traffic traffic = new Traffic(settings, MonotonicClock.system());
        traffic.watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "zerofs-store-watch");
            thread.setDaemon(true);
            return thread;
        });
        long period = Math.max(1, settings.silenceMax().toMillis() / LOOKS_PER_SILENCE);
        traffic.watch.scheduleWithFixedDelay(traffic::look, period, period, TimeUnit.MILLISECONDS);
        return traffic;
    }

    public ConnectionSettings settings() {
        return settings;
    }

    /** Whether there is a link that may be slow. */
    public boolean isLink() {
        return this != NONE;
    }

    /** Bytes of bodies that the network took or brought so far, those of failed attempts too; grows while a request goes on. */
    public long movedBytes() {
        return moved.sum();
    }

    /** What all puts together bring to the store in a second; 0 while nothing is known. */
    public double bytesPerSecond() {
        return bytesPerSecond;
    }

    /** @param abort ends the attempt wherever it is; called once, on another thread */
    public Transfer attempt(long bodyBytes, Runnable abort) {
        return new Transfer(bodyBytes, abort);
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.shutdownNow();
        }
    }

    /** Ends what is silent. */
    public void look() {
        for (Transfer transfer : transfers) {
            try {
                transfer.endIfSilent();
            } catch (RuntimeException | Error e) {
                // Nobody would look again.
                log.warn("an attempt that is silent could not be ended", e);
            }
        }
    }

    /** How long all may need that may be under way without being seen. */
    private long hiddenNanos() {
        long bytes = transfers.stream().mapToLong(Transfer::hidden).sum();
        return (long) (bytes * 1e9 / Math.max(bytesPerSecond, settings.slowestBytesPerSecond()));
    }

    private void settle(long now) {
        double seconds = (now - settledNanos) / 1e9;
        putSeconds += puts * seconds;
        byteSeconds += putBytes * seconds;
        settledNanos = now;
    }

    /** One attempt at a request, from its turn to the end of its answer. Used by the threads that carry its bytes. */
    public final class Transfer {
        private final long bodyBytes;
        private final Runnable abort;
        private final LongAdder sent = new LongAdder();
        private volatile long stepNanos;
        private int stepBytes;
        private long beganNanos;
        private double putSecondsBefore;
        private double byteSecondsBefore;
        private volatile boolean answered;
        private boolean ended;
        private volatile boolean silent;

        private Transfer(long bodyBytes, Runnable abort) {
            this.bodyBytes = bodyBytes;
            this.abort = abort;
        }

        /** Waits for a turn, however long others need for theirs: as long as something moves. */
        public void begin() throws InterruptedIOException {
            try {
                turns.acquire();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
            synchronized (Traffic.this) {
                beganNanos = clock.nanoTime();
                stepNanos = beganNanos;
                settle(beganNanos);
                putSecondsBefore = putSeconds;
                byteSecondsBefore = byteSeconds;
                if (isSample()) {
                    puts++;
                    putBytes += bodyBytes;
                }
            }
            transfers.add(this);
        }

        /** The network took some of the body. */
        public void sent(long bytes) {
            sent.add(bytes);
            moved(bytes);
        }

        /** Some of the answer's body came. */
        public void received(long bytes) {
            moved(bytes);
        }

        /** The answer begins, or another page of it. */
        public void answered(boolean success) {
            stepNanos = clock.nanoTime();
            if (!answered) {
                answered = true;
                settlePut(success);
            }
        }

        /** However it ended; what comes later changes nothing. */
        public void end() {
            answered(false);
            synchronized (this) {
                if (ended) {
                    return;
                }
                ended = true;
            }
            transfers.remove(this);
            turns.release();
        }

        /** Whether it was ended because nothing moved. */
        public boolean isSilent() {
            return silent;
        }

        /** What to tell instead of what its end looked like from inside. */
        public IOException failure(IOException e) {
            return silent ? new IOException(silence(), e) : e;
        }

        /** In words. */
        public String silence() {
            return "nothing moved for " + settings.silenceMax().toSeconds() + " seconds or more, after " + sent
                    + " bytes of " + bodyBytes;
        }

        private void moved(long bytes) {
            moved.add(bytes);
            stepBytes += (int) Math.min(STEP_BYTES, bytes);
            if (stepBytes >= STEP_BYTES) {
                stepBytes = 0;
                stepNanos = clock.nanoTime();
            }
        }

        private boolean isSample() {
            return bodyBytes >= SAMPLE_BYTES_MIN;
        }

        private long hidden() {
            return answered ? 0 : Math.min(HIDDEN_BYTES_MAX, sent.sum());
        }

        /**
         * What was sent may still be under way: for as long as the link needs for all of it, as far as its rate is known, or for
         * as long as as much of this body took before.
         */
        private long patienceNanos() {
            long hidden = hidden();
            if (hidden == 0) {
                return settings.silenceMax().toNanos();
            }
            double before = (double) (stepNanos - beganNanos) / sent.sum() * hidden;
            return settings.silenceMax().toNanos() + 2 * (long) Math.max(hiddenNanos(), before);
        }

        private void endIfSilent() {
            long patience = patienceNanos();
            synchronized (this) {
                if (ended || silent || clock.nanoTime() - stepNanos < patience) {
                    return;
                }
                silent = true;
                // Within the lock: an attempt that has ended is not aborted.
                abort.run();
            }
            if (isSample()) {
                synchronized (Traffic.this) {
                    bytesPerSecond /= 4;
                }
            }
        }

        /**
         * Bytes that were in flight beside and with it, by the time that it took: that is what the link carries if it is
         * about as large as the others.
         */
        private void settlePut(boolean success) {
            if (!isSample()) {
                return;
            }
            synchronized (Traffic.this) {
                long now = clock.nanoTime();
                settle(now);
                puts--;
                putBytes -= bodyBytes;
                double seconds = Math.max(1, now - beganNanos) / 1e9;
                double beside = (putSeconds - putSecondsBefore) / seconds;
                double inFlight = (byteSeconds - byteSecondsBefore) / seconds;
                if (!success || 2 * bodyBytes * beside < inFlight) {
                    return;
                }
                double rate = bodyBytes * beside / seconds;
                if (rate > bytesPerSecond) {
                    bytesPerSecond = rate;
                } else if (seconds * 1e9 >= SLOW_NANOS) {
                    bytesPerSecond += (rate - bytesPerSecond) / 4;
                }
            }
        }
    }
}
