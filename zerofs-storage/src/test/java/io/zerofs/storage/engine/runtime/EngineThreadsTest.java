// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.runtime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EngineThreadsTest {
    @Test
    void aTaskForWhichNoThreadCanBeHadRunsOnceThereIsOne() throws Exception {
        AtomicInteger missing = new AtomicInteger();
        try (EngineThreads threads = new EngineThreads(4, task -> new Thread(task) {
            @Override
            public synchronized void start() {
                if (missing.getAndDecrement() > 0) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
                super.start();
            }
        })) {
            EngineRuntime runtime = threads.runtime();
            for (Executor executor : List.of(runtime.sealing(), runtime.requests(), runtime.uploads())) {
                missing.set(2);
                CountDownLatch done = new CountDownLatch(1);
                executor.execute(done::countDown);
                assertTrue(done.await(1, TimeUnit.MINUTES));
            }
        }
    }
}
