// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static java.util.Comparator.comparingLong;

import io.zerofs.core.runtime.Machine;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The traffic between this process and a store in the network. Limits the requests in flight, estimates the rate of
 * uploads, and ends attempts whose bytes no longer move. Thread-safe.
 */
public final class Traffic implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Traffic.class);

    /** The traffic of a store without a link: no rate is known, and no limit applies. */
    public static final Traffic NONE = new Traffic(ConnectionSettings.DEFAULTS, MonotonicClock.system());

    /** Bytes that count as progress. A server that sends less is as good as silent. */
    private static final int STEP_BYTES = 4 << 10;

    /** A PUT of fewer bytes measures only latency. */
    private static final long SAMPLE_BYTES_MIN = 16 << 10;

    /** A shorter PUT can show that the link is faster, but not that it became slower. */
    private static final long SLOW_NANOS = 2_000_000_000L;

    /** Maximum bytes of one connection that the kernel or a proxy may have taken and not yet sent. */
    private static final long HIDDEN_BYTES_MAX = 4 << 20;

    /** Number of longer latencies in the moving average. */
    private static final int LATENCIES_AVERAGED = 64;

    private static final int LOOKS_PER_SILENCE = 8;

    private final ConnectionSettings settings;
    private final MonotonicClock clock;
    private final Turns turns;
    /** In the order of their begin, so that silence ends them in the same order in each run of a simulation. */
    private final Set<Transfer> transfers = new ConcurrentSkipListSet<>(comparingLong(transfer -> transfer.number));

    private final AtomicLong begun = new AtomicLong();
    private final LongAdder moved = new LongAdder();
    private Machine.Task watch;

    // Guarded by this: PUTs and their bytes in flight, and the integrals of both over time.
    private int puts;
    private long putBytes;
    private double putSeconds;
    private double byteSeconds;
    private long settledNanos;
    private volatile double bytesPerSecond;
    private volatile double latencySeconds;

    /** Creates traffic that ends silent attempts only when the caller calls {@link #look}. */
    public Traffic(ConnectionSettings settings, MonotonicClock clock) {
        this.settings = settings;
        this.clock = clock;
        this.turns = new Turns(settings.requestsMax());
        this.settledNanos = clock.nanoTime();
    }

    /** Returns traffic with a thread that ends silent attempts, until it is closed. */
    public static Traffic watched(ConnectionSettings settings) {
        Traffic traffic = new Traffic(settings, MonotonicClock.system());
        traffic.watch = Machine.current().start("zerofs-store-watch", traffic::watch);
        return traffic;
    }

    public ConnectionSettings settings() {
        return settings;
    }

    /** Returns whether a link that may be slow leads to the store. */
    public boolean isLink() {
        return this != NONE;
    }

    /** Returns the bytes of bodies sent and received so far, failed and unfinished attempts included. */
    public long movedBytes() {
        return moved.sum();
    }

    /** Returns the bytes that all PUTs together upload in a second; 0 while this is unknown. */
    public double bytesPerSecond() {
        return bytesPerSecond;
    }

    /** Returns the time that the store needs to answer a small request, estimated low; 0 while this is unknown. */
    public double latencySeconds() {
        return latencySeconds;
    }

    /** @param abort ends the attempt in any state; called at most once, on another thread */
    public Transfer attempt(long bodyBytes, Runnable abort) {
        return new Transfer(bodyBytes, abort);
    }

    @Override
    public void close() {
        if (watch != null) {
            watch.interrupt();
        }
    }

    private void watch() {
        try {
            while (true) {
                Machine.current().sleep(settings.silenceMax().toNanos() / LOOKS_PER_SILENCE);
                look();
            }
        } catch (InterruptedException e) {
            // The end of the traffic.
        }
    }

    /** Ends silent attempts. */
    public void look() {
        for (Transfer transfer : transfers) {
            try {
                transfer.endIfSilent();
            } catch (RuntimeException | Error e) {
                // An exception would end the watch.
                log.warn("cannot end a silent attempt", e);
            }
        }
    }

    /** Returns the time that the link may need for all sent bytes without an answer. */
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

    /** One attempt of a request, from its turn to the end of its answer. The threads that carry its bytes use it. */
    public final class Transfer {
        private final long bodyBytes;
        private final Runnable abort;
        private final long number = begun.getAndIncrement();
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

        /** Waits for a turn without a deadline: other attempts may take any time while their bytes move. */
        public void begin() throws InterruptedIOException {
            try {
                turns.take();
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

        /** Counts bytes of the body that the network took. */
        public void sent(long bytes) {
            sent.add(bytes);
            moved(bytes);
        }

        /** Counts bytes of the answer's body. */
        public void received(long bytes) {
            moved(bytes);
        }

        /** Notes that the answer begins, or another page of it. */
        public void answered(boolean success) {
            stepNanos = clock.nanoTime();
            if (!answered) {
                answered = true;
                settlePut(success);
            }
        }

        /** Ends the attempt, with any result. Later calls have no effect. */
        public void end() {
            answered(false);
            synchronized (this) {
                if (ended) {
                    return;
                }
                ended = true;
            }
            transfers.remove(this);
            turns.giveBack();
        }

        /** Returns whether silence ended the attempt. */
        public boolean isSilent() {
            return silent;
        }

        /** Returns the failure to report: silence if it ended the attempt, else the SDK's own failure. */
        public IOException failure(IOException e) {
            return silent ? new IOException(silence(), e) : e;
        }

        /** Returns a sentence about the silence. */
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
         * Returns the time of silence that ends the attempt. Sent bytes may still be in flight. They get twice the time that
         * the link needs for them at the known rate, or twice the time that as many bytes of this body took before.
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
                // Inside the lock, so that an ended attempt is never aborted.
                abort.run();
            }
            if (isSample()) {
                synchronized (Traffic.this) {
                    bytesPerSecond /= 4;
                }
            }
        }

        /** Updates the latency: at once if it became shorter, because a busy link or a new connection makes it longer. */
        private void settleLatency() {
            synchronized (Traffic.this) {
                double seconds = (clock.nanoTime() - beganNanos) / 1e9;
                if (latencySeconds == 0 || seconds < latencySeconds) {
                    latencySeconds = seconds;
                } else {
                    latencySeconds += (seconds - latencySeconds) / LATENCIES_AVERAGED;
                }
            }
        }

        /**
         * Updates the rate after a PUT. The link carries the bytes of this PUT, times the number of parallel PUTs, divided
         * by its time. This is true only if the parallel PUTs have about the same size.
         */
        private void settlePut(boolean success) {
            if (!isSample()) {
                if (success) {
                    settleLatency();
                }
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
