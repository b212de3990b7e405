// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogStreamTest {
    private static final int BYTES_MAX = 10_000;

    /** A pipe that takes no bytes until a reader reads. */
    private static final class Pipe extends OutputStream {
        final CountDownLatch stuck = new CountDownLatch(1);
        final CountDownLatch read = new CountDownLatch(1);
        final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            stuck.countDown();
            try {
                read.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
            taken.write(bytes, offset, length);
        }

        List<String> lines() {
            return taken.toString(StandardCharsets.UTF_8).lines().toList();
        }
    }

    @Test
    void anUnreadPipeBlocksNoLoggerAndDroppedLinesAreReported() throws InterruptedException {
        Pipe pipe = new Pipe();
        LogStream log = new LogStream(pipe, BYTES_MAX);
        log.println("first");
        pipe.stuck.await();
        int written = 0;
        while (log.dropped() < 100) {
            log.println("line " + written++);
        }
        log.drain(Duration.ofMillis(1)); // returns without a reader
        pipe.read.countDown();
        log.drain(Duration.ofSeconds(50));
        log.println("äfter");
        log.drain(Duration.ofSeconds(50));

        List<String> lines = pipe.lines();
        assertEquals("first", lines.get(0));
        assertEquals("line 0", lines.get(1));
        assertEquals(
                "zerofs: 100 lines of the log were dropped here, because nobody read them",
                lines.get(lines.size() - 2));
        assertEquals("äfter", lines.get(lines.size() - 1));
        assertEquals(written - 100 + 3, lines.size());
    }

    @Test
    void aReaderThatIsGoneEndsNothing() {
        LogStream log = new LogStream(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                },
                BYTES_MAX);
        log.println("one");
        log.println("two");
        log.drain(Duration.ofSeconds(50));
        assertEquals(2, log.dropped());
        assertTrue(!log.checkError());
    }
}
