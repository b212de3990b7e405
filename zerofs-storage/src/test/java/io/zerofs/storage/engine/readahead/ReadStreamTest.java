// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Recognition of sequential readers. */
final class ReadStreamTest {
    private static final long K = 1024;
    private static final long WINDOW = 16 << 20;

    private static ReadStream readInOrder(long from, long to, long length) {
        ReadStream stream = new ReadStream(1, from);
        for (long at = from; at < to; at += length) {
            stream.read(at, at + length, 0);
        }
        return stream;
    }

    @Test
    void theWindowGrowsWithTheBytesRead() {
        assertEquals(0, readInOrder(8 * K, 72 * K, 4 * K).wanted(WINDOW));
        assertEquals(256 * K, readInOrder(8 * K, 168 * K, 4 * K).wanted(WINDOW));
        assertEquals(1024 * K, readInOrder(8 * K, 1032 * K, 64 * K).wanted(WINDOW));
        assertEquals(6 << 20, readInOrder(0, 32 << 20, 128 * K).wanted(WINDOW));
        assertEquals(8 << 20, readInOrder(0, 32 << 20, 128 * K).wanted(32 << 20));
    }

    @Test
    void aLongReadStartsReadAheadOnlyAtTheBeginning() {
        assertTrue(readInOrder(0, 128 * K, 128 * K).isSequential());
        assertFalse(readInOrder(0, 64 * K, 64 * K).isSequential());
        assertFalse(readInOrder(4 * K, 132 * K, 128 * K).isSequential());
    }

    @Test
    void aRepeatedReadProvesNothing() {
        ReadStream stream = new ReadStream(1, 64 * K);
        for (int i = 0; i < 100; i++) {
            stream.read(64 * K, 128 * K, 0);
        }
        assertFalse(stream.isSequential());
    }

    @Test
    void aSmallGapIsForgivenAndALargeOneIsNot() {
        ReadStream stream = readInOrder(0, 8 << 20, 128 * K);
        for (long at = (8 << 20) + 32 * K; stream.frontier() <= 8 << 20; at += 128 * K) {
            stream.read(at, at + 128 * K, 0);
        }
        assertTrue(stream.isSequential());
        stream = readInOrder(0, 1 << 20, 128 * K);
        for (long at = 3 << 20; stream.frontier() <= 1 << 20; at += 128 * K) {
            stream.read(at, at + 64 * K, 0);
        }
        assertFalse(stream.isSequential());
    }

    @Test
    void theOrderOfRequestsUnderWayDoesNotMatter() throws Exception {
        Seeds.run(50, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            ReadStream stream = new ReadStream(1, 0);
            List<Long> sent = new ArrayList<>();
            for (int block = 0; block < 500; block++) {
                sent.add(block * 64 * K);
                if (sent.size() == 16) {
                    while (!sent.isEmpty()) {
                        long at = sent.remove(random.nextInt(sent.size()));
                        stream.read(at, at + 64 * K, 0);
                    }
                    assertEquals((block + 1) * 64 * K, stream.frontier());
                }
            }
            assertTrue(stream.isSequential());
        });
    }

    @Test
    void randomReadersAreNotSequentialWhereverTheyRead() throws Exception {
        Seeds.run(50, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            ReadStreams.Group group = new ReadStreams().of(1);
            long fileBytes = 4L << 20 << random.nextInt(10);
            for (int i = 0; i < 5000; i++) {
                long at = random.nextLong(fileBytes / 4096) * 4096;
                ReadStream stream = group.join(1, at, i, gone -> {});
                stream.read(at, at + 4096, i);
                assertFalse(stream.isSequential());
            }
        });
    }

    @Test
    void aReaderThatFollowsCloselyIsNoHindrance() throws Exception {
        Seeds.run(50, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            ReadStream stream = readInOrder(0, 2 << 20, 64 * K);
            for (long at = 0; at < 32 << 20; at += 512 * K) {
                List<Long> sent = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    sent.add(at + i * 64 * K);
                    stream.read((2 << 20) + at + i * 64 * K, (2 << 20) + at + (i + 1) * 64 * K, 0);
                }
                while (!sent.isEmpty()) {
                    long late = sent.remove(random.nextInt(sent.size()));
                    stream.read(late, late + 64 * K, 0);
                }
            }
            assertEquals(6 << 20, stream.wanted(WINDOW));
        });
    }

    @Test
    void aSequentialReaderKeepsItsPlaceAmongManyOthers() {
        ReadStreams.Group group = new ReadStreams().of(1);
        ReadStream steady = null;
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 1000; i++) {
            long at = i * 64 * K;
            ReadStream now = group.join(1, at, i, gone -> {});
            now.read(at, at + 64 * K, i);
            assertTrue(steady == null || steady == now);
            steady = now;
            for (int other = 0; other < 20 && i > 3; other++) {
                long far = (1L << 40) + random.nextLong(1L << 40);
                group.join(1, far, i, gone -> {}).read(far, far + 4096, i);
            }
        }
    }

    @Test
    void filesHaveReadersOfTheirOwn() {
        ReadStreams.Group group = new ReadStreams().of(1);
        ReadStream one = group.join(1, 0, 0, gone -> {});
        assertNotSame(one, group.join(2, 0, 0, gone -> {}));
        assertSame(one, group.join(1, 4096, 0, gone -> {}));
        assertNotSame(one, group.join(1, 1L << 30, 0, gone -> {}));
    }
}
