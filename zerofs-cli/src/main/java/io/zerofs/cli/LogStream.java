// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Standard error of the whole process: a bounded queue and a thread that writes, so that a blocked pipe stops no request.
 * If the queue is full, it drops lines, counts them, and writes a line with their number. Thread-safe.
 */
final class LogStream extends PrintStream {
    private static final int BYTES_MAX = 1 << 20;
    private static final Duration DRAIN_MAX = Duration.ofSeconds(2);

    private final Queue queue;

    LogStream(OutputStream target, int bytesMax) {
        this(new Queue(target, bytesMax));
    }

    private LogStream(Queue queue) {
        super(
                queue,
                false,
                StandardCharsets.UTF_8); // flushed by itself, a text would lose its place before its newline
        this.queue = queue;
        Thread writer = new Thread(queue, "zerofs-log");
        writer.setDaemon(true);
        writer.start();
    }

    /** Replaces {@code System.err}. At exit it writes queued lines if that does not take long. */
    static void install() {
        System.setErr(new LogStream(new FileOutputStream(FileDescriptor.err), BYTES_MAX));
        Runtime.getRuntime().addShutdownHook(new Thread(LogStream::drainInstalled, "zerofs-log-drain"));
    }

    /** Writes queued lines before the process ends without shutdown hooks. */
    static void drainInstalled() {
        if (System.err instanceof LogStream installed) {
            installed.drain(DRAIN_MAX);
        }
    }

    /** Returns the number of lines that the installed stream has dropped. */
    static long droppedByInstalled() {
        return System.err instanceof LogStream installed ? installed.dropped() : 0;
    }

    long dropped() {
        return queue.dropped();
    }

    /** Waits until all present lines are written, or the time is over. */
    void drain(Duration max) {
        queue.drain(max);
    }

    private static final class Queue extends OutputStream implements Runnable {
        /** Maximum bytes of a queued part. A longer line is queued in parts. */
        private static final int PART_BYTES = 1 << 16;

        private final OutputStream target;
        private final int bytesMax;

        // All fields below are guarded by this.
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private final Deque<byte[]> lines = new ArrayDeque<>();
        private int bytes;
        private boolean writing;
        private long dropped;
        private long droppedSilently;

        Queue(OutputStream target, int bytesMax) {
            this.target = target;
            this.bytesMax = bytesMax;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] from, int offset, int length) {
            line.write(from, offset, length);
            if (length > 0 && (from[offset + length - 1] == '\n' || line.size() >= PART_BYTES)) {
                flush();
            }
        }

        /** Queues a prompt, which has no end of line. */
        @Override
        public synchronized void flush() {
            if (line.size() > 0) {
                offer(line.toByteArray());
                line.reset();
            }
        }

        private void offer(byte[] whole) {
            if (bytes + whole.length > bytesMax) {
                dropped++;
                droppedSilently++;
                return;
            }
            tellOfDropped();
            add(whole);
        }

        private void add(byte[] whole) {
            lines.add(whole);
            bytes += whole.length;
            notifyAll();
        }

        private void tellOfDropped() {
            if (droppedSilently > 0) {
                add(("zerofs: " + droppedSilently + " lines of the log were dropped here, because nobody read them\n")
                        .getBytes(StandardCharsets.UTF_8));
                droppedSilently = 0;
            }
        }

        @Override
        public void run() {
            try {
                while (true) {
                    byte[] next = take();
                    try {
                        target.write(next);
                    } catch (IOException e) {
                        countFailed();
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized byte[] take() throws InterruptedException {
            writing = false;
            if (lines.isEmpty()) {
                tellOfDropped();
            }
            while (lines.isEmpty()) {
                notifyAll();
                wait();
            }
            writing = true;
            byte[] next = lines.remove();
            bytes -= next.length;
            return next;
        }

        /** Counts a failed write: the reader of the log is gone, or its disk is full. */
        private synchronized void countFailed() {
            dropped++;
        }

        synchronized long dropped() {
            return dropped;
        }

        synchronized void drain(Duration max) {
            long deadline = System.nanoTime() + max.toNanos();
            try {
                while (writing || !lines.isEmpty()) {
                    long millis = (deadline - System.nanoTime()) / 1_000_000;
                    if (millis <= 0) {
                        return;
                    }
                    wait(millis);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
