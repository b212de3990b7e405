// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Errors that every store over HTTP reports in the same way; each subclass has those of its own protocol. */
public abstract class StoreErrorsContract {
    protected CannedServer server;
    protected ObjectStore store;

    /** Opens the store at a server. */
    protected abstract ObjectStore at(URI endpoint, Duration silence) throws ObjectStoreException;

    /** Returns the answer to a GET with this body, of which the server announces more or fewer bytes. */
    protected abstract Answer found(String body, int length);

    @BeforeEach
    void open() throws Exception {
        server = new CannedServer();
        store = at(server.endpoint(), Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    @Test
    void anAnswerThatIsCutShortIsUnavailable() {
        server.answer(found("half", 8));
        assertEquals(Kind.UNAVAILABLE, failure(this::get).kind());
    }

    @Test
    void aServerThatFallsSilentIsLeftInTime() throws Exception {
        try (ObjectStore impatient = at(server.endpoint(), Duration.ofMillis(200))) {
            server.fallSilent();
            assertEquals(
                    Kind.UNAVAILABLE, failure(() -> impatient.get("name", 9)).kind());
            assertEquals(
                    Kind.UNKNOWN_OUTCOME,
                    failure(() -> impatient.put("name", List.of(bytes("x")), new IfAbsent()))
                            .kind());
        }
    }

    @Test
    void aServerThatIsNotThereIsUnavailable() throws Exception {
        server.close();
        assertEquals(Kind.UNAVAILABLE, failure(this::put).kind());
        try (ObjectStore nowhere = at(URI.create("http://nowhere.invalid"), Duration.ofSeconds(1))) {
            ObjectStoreException e = failure(() -> nowhere.get("name", 9));
            assertEquals(Kind.UNAVAILABLE, e.kind());
            assertTrue(e.getMessage().contains("host name is unknown"), e.getMessage());
        }
    }

    protected final void put() throws ObjectStoreException {
        store.put("name", List.of(bytes("x")), new IfAbsent());
    }

    protected final void get() throws ObjectStoreException {
        store.get("name", 9);
    }

    protected final void list() throws ObjectStoreException {
        store.list("", "", 9);
    }

    protected static ObjectStoreException failure(Executable request) {
        return assertThrows(ObjectStoreException.class, request);
    }

    protected static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }
}
