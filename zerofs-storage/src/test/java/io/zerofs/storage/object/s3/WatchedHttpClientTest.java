// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.BodyDigest;
import io.zerofs.storage.object.CannedServer;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.CannedServer.Received;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The question whether a store takes a large body ({@code Expect: 100-continue}), which costs a round trip. */
final class WatchedHttpClientTest {
    private final List<ByteBuffer> body = List.of(ByteBuffer.allocate(2 << 20));
    private final Answer stored =
            new Answer(200, Map.of("ETag", "\"" + BodyDigest.of(body).hex() + "\"", "x-amz-request-id", "1"), "");
    private CannedServer server;
    private ObjectStore store;

    @BeforeEach
    void open() throws Exception {
        server = new CannedServer();
        store = S3ObjectStore.open(new S3Settings(
                "bucket",
                "p",
                Optional.of(new S3Settings.Keys("id", Secret.of("secret"), Optional.empty())),
                Optional.of(server.endpoint()),
                Optional.empty(),
                false,
                false,
                ConnectionSettings.DEFAULTS));
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    private String put(List<ByteBuffer> bytes) throws ObjectStoreException {
        store.put("a", bytes, new ObjectStore.IfAbsent());
        return lastQuestion();
    }

    private String failToPut(Function<Received, Answer> answer) {
        server.answer(answer);
        assertThrows(ObjectStoreException.class, () -> put(body));
        server.answer(stored);
        return lastQuestion();
    }

    private String lastQuestion() {
        return server.received().get(server.received().size() - 1).header("Expect");
    }

    @Test
    void storeIsAskedOnlyAfterALargeBodyFailed() throws Exception {
        server.answer(stored);
        assertEquals("", put(body));
        assertEquals("", put(body));
        assertEquals("", failToPut(request -> Answer.of(503, "<Error><Code>SlowDown</Code></Error>")));
        assertEquals("100-continue", put(body));
        assertEquals("", put(body));
        assertEquals("", failToPut(request -> {
            throw new IllegalStateException("hangs up");
        }));
        assertEquals("100-continue", put(body));
        assertEquals("", put(body));
    }

    @Test
    void smallBodyAnswersNoQuestionOfALargeOne() throws Exception {
        failToPut(request -> Answer.of(503, "<Error><Code>SlowDown</Code></Error>"));
        List<ByteBuffer> small = List.of(ByteBuffer.allocate(10));
        server.answer(stored.with("ETag", "\"" + BodyDigest.of(small).hex() + "\""));
        assertEquals("", put(small));
        server.answer(stored);
        assertEquals("100-continue", put(body));
    }
}
