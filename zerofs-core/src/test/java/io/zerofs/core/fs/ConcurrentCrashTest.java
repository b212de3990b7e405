// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.model.CrashHistory;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.MemoryVolume;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Clients on real threads, whose process dies somewhere. The seed repeats the operations of each client, not their
 * interleaving.
 */
final class ConcurrentCrashTest {
    private static final int CLIENTS = 3;
    private static final int LIVES = 4;

    @Test
    void answersOfManyClientsAndTheTreeAfterACrashAreOneHistory() throws Exception {
        Seeds.run(10, ConcurrentCrashTest::run);
    }

    @Test
    @Tag("slow")
    void theSameInManyHistories() throws Exception {
        Seeds.run(150, ConcurrentCrashTest::run);
    }

    private static void run(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        CrashHistory history = new CrashHistory(seed, CLIENTS);
        // Three chunks: every hole is one step, and longer files leave their tails to the removal queue.
        FileSystemSettings settings = FileSystemSettings.DEFAULTS
                .withBackgroundBatchChunks(random.nextBoolean() ? 3 : 32)
                .withCachedRecords(random.nextBoolean() ? 8 : 1000);
        MemoryVolume volume = new MemoryVolume();
        ZeroFileSystem files = CheckedFileSystems.open(volume, settings, history.clock());
        history.start(files);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            for (int life = 0; life < LIVES; life++) {
                CountDownLatch crash = new CountDownLatch(1 + random.nextInt(250));
                List<Future<?>> clients = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    int client = i;
                    clients.add(threads.submit(() -> live(history, client, crash)));
                }
                while (crash.getCount() > 0 && clients.stream().noneMatch(Future::isDone)) {
                    Thread.onSpinWait();
                }
                volume = volume.reopen();
                for (Future<?> client : clients) {
                    client.get();
                }
                files.close();
                files = CheckedFileSystems.open(volume, settings, history.clock());
                files.awaitRemovals();
                history.recovered(files);
            }
        } finally {
            threads.shutdown();
            files.close();
        }
    }

    /** Lives until shortly after the crash: its last operations fail, or are never durable. */
    private static Void live(CrashHistory history, int client, CountDownLatch crash) throws InterruptedException {
        boolean last = false;
        while (!last) {
            last = crash.getCount() == 0;
            history.step(client);
            crash.countDown();
        }
        return null;
    }
}
