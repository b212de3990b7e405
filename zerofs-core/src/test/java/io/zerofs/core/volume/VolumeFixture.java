// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.zerofs.core.waiting.NonBlockingThread;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An open volume, with short words for the actions of tests. */
abstract class VolumeFixture {
    static final int CHUNK = Volume.CHUNK_BYTES;

    /** The volume under test. */
    protected Volume volume;

    /** Opens an empty volume. */
    protected abstract Volume openEmpty() throws Exception;

    /** Ends the given volume as a crash would, without closing it, and opens it again. */
    protected abstract Volume crashAndReopen(Volume volume) throws Exception;

    /** Opens a volume again that was closed. */
    protected abstract Volume reopen(Volume closed) throws Exception;

    @BeforeEach
    void openVolume() throws Exception {
        volume = openEmpty();
    }

    @AfterEach
    void closeVolume() throws Exception {
        volume.close();
    }

    final void put(String key, String value) throws VolumeException {
        Batch batch = volume.newBatch();
        batch.put(key(key), bytes(value));
        apply(batch);
    }

    final void writeAt(long chunk, int offset, byte[] data) throws VolumeException {
        Batch batch = volume.newBatch();
        batch.writeChunk(new ChunkId(1, chunk), offset, ByteBuffer.wrap(data));
        applyOn(batch, new ChunkRange(1, chunk, chunk + 1), data.length);
    }

    final void apply(Batch batch) throws VolumeException {
        applyOn(batch, null, 64 * 1024);
    }

    final void applyOn(Batch batch, ChunkRange chunks, int bytes) throws VolumeException {
        try (Reservation reservation = volume.reserve(chunks, bytes)) {
            volume.apply(batch);
        }
    }

    final byte[] read(long offset, int length) throws VolumeException {
        ByteBuffer destination = ByteBuffer.allocate(length);
        volume.read(1, offset, destination);
        assertFalse(destination.hasRemaining());
        return destination.array();
    }

    static byte[] key(String text) {
        byte[] tail = bytes(text);
        byte[] key = new byte[tail.length + 1];
        key[0] = 0x42;
        System.arraycopy(tail, 0, key, 1, tail.length);
        return key;
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** One thread's part of a concurrent test. */
    interface Part {
        void run(int thread) throws Exception;
    }

    static void concurrently(int threads, Part part) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            Thread thread = new Thread(() -> {
                try {
                    part.run(number);
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                }
            });
            thread.start();
            running.add(thread);
        }
        for (Thread thread : running) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    /** Stands for an event loop. */
    static final class NeverWaitingThread extends Thread implements NonBlockingThread {
        NeverWaitingThread(Runnable body) {
            super(body);
        }
    }
}
