// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.CannedServer;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStore;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class S3BodyTest {
    private static final int BYTES = 4 << 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void aBodyIsReadIntoOneArray() throws Exception {
        try (CannedServer server = new CannedServer();
                ObjectStore store = open(server)) {
            server.answer(new Answer(206, headers(), "x".repeat(BYTES)));
            store.getRange("o", 0, BYTES); // loads the client's classes

            long before = allocated();
            int received = store.getRange("o", 0, BYTES).bytes().remaining();
            long allocated = allocated() - before;

            assertEquals(BYTES, received);
            assertTrue(allocated < BYTES * 3L / 2, () -> allocated + " bytes allocated for " + BYTES);
        }
    }

    private long allocated() {
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static Map<String, String> headers() {
        return Map.of("ETag", "\"1\"", "Content-Range", "bytes 0-" + (BYTES - 1) + "/" + BYTES);
    }

    private static ObjectStore open(CannedServer server) throws Exception {
        return S3ObjectStore.open(new S3Settings(
                "bucket",
                "p",
                Optional.of(new S3Settings.Keys("id", Secret.of("secret"), Optional.empty())),
                Optional.of(server.endpoint()),
                Optional.empty(),
                false,
                false,
                ConnectionSettings.DEFAULTS));
    }
}
