// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.CannedServer.Received;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStore.StoredObject;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * An answer that is not the store's, or does not fit the request, decides nothing. No put counts as stored, no object
 * as missing, short or deleted, and no list as empty. Each operation gets each of these answers once, before or after
 * its effect in the store, and ends as without it.
 */
public abstract class WrongAnswersContract {
    private static final String OLD = "0123456789";
    private static final String NEW = "the new content";
    private static final String PAGE = "<html><body>Please log in to the guest network</body></html>";
    private static final Map<String, String> HTML = Map.of("Content-Type", "text/html; charset=utf-8");

    /** Objects by name, as the store has them. */
    protected final Map<String, String> objects = new TreeMap<>();

    private final AtomicInteger wrongLeft = new AtomicInteger();
    private CannedServer server;
    private ObjectStore store;

    /** The right answer of a strict store, which changes {@link #objects}. */
    protected abstract Answer answer(Received request);

    /** Whether the request is of this operation. */
    protected abstract boolean isOf(StoreOperation operation, Received request);

    protected abstract ObjectStore openAdapter(URI endpoint) throws Exception;

    /** Answers that report success, or say something about an object, and are not the store's. */
    private enum Stranger {
        PAGE_200(new Answer(200, HTML, PAGE)),
        PAGE_201(new Answer(201, HTML, PAGE)),
        PAGE_WITH_ETAG(new Answer(200, Map.of("Content-Type", "text/html", "ETag", "W/\"3c-f00\""), PAGE)),
        ERROR_DOCUMENT(Answer.of(200, "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>")),
        TEXT(new Answer(200, Map.of("Content-Type", "text/plain"), "OK")),
        EMPTY_200(new Answer(200, Map.of(), "")),
        EMPTY_202(new Answer(202, Map.of(), "")),
        EMPTY_204(new Answer(204, Map.of(), "")),
        EMPTY_206(new Answer(206, Map.of(), "")),
        REDIRECT(new Answer(302, Map.of("Location", "http://login.example/"), "")),
        PAGE_404(new Answer(404, HTML, PAGE)),
        PAGE_409(new Answer(409, HTML, PAGE)),
        PAGE_412(new Answer(412, HTML, PAGE)),
        PAGE_416(new Answer(416, HTML, PAGE));

        private final Answer answer;

        Stranger(Answer answer) {
            this.answer = answer;
        }
    }

    /** The request to the store. The test checks the truth afterwards. */
    private enum Question {
        CREATE(StoreOperation.PUT),
        REPLACE(StoreOperation.PUT),
        GET(StoreOperation.GET),
        GET_RANGE(StoreOperation.GET_RANGE),
        LIST(StoreOperation.LIST),
        DELETE_ONE(StoreOperation.DELETE),
        DELETE_MANY(StoreOperation.DELETE);

        private final StoreOperation operation;

        Question(StoreOperation operation) {
            this.operation = operation;
        }
    }

    @BeforeEach
    void open() throws Exception {
        server = new CannedServer();
        server.answer(this::answer);
        RetrySettings quick = new RetrySettings(
                Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofSeconds(2), Duration.ofSeconds(2));
        store = new RetryingObjectStore(openAdapter(server.endpoint()), quick, MonotonicClock.system(), new Random(5));
    }

    @AfterEach
    void close() {
        store.close();
        server.close();
    }

    @TestFactory
    List<DynamicTest> oneAnswerOfAStrangerDecidesNothing() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Question question : Question.values()) {
            for (Stranger stranger : Stranger.values()) {
                for (boolean applied : List.of(false, true)) {
                    String name = question + " " + stranger + (applied ? " after" : " before");
                    tests.add(DynamicTest.dynamicTest(name, () -> check(question, stranger.answer, applied)));
                }
            }
        }
        return tests;
    }

    private void check(Question question, Answer wrong, boolean applied) throws Exception {
        begin();
        String version = store.get("a/old", 99).version();
        store.getRange("a/old", 0, 1);
        store.delete(List.of("a/none"));
        interfere(question.operation, 1, answer -> wrong, applied);
        switch (question) {
            case CREATE -> {
                store.put("a/new", List.of(bytes(NEW)), new IfAbsent());
                assertEquals(NEW, objects.get("a/new"));
            }
            case REPLACE -> {
                store.put("a/old", List.of(bytes(NEW)), new IfVersion(version));
                assertEquals(NEW, objects.get("a/old"));
            }
            case GET -> assertEquals(OLD, text(store.get("a/old", 99)));
            case GET_RANGE -> assertEquals("345", text(store.getRange("a/old", 3, 3)));
            case LIST -> assertEquals(List.of(new ObjectInfo("a/old", OLD.length())), store.list("a/", "", 9));
            case DELETE_ONE -> {
                assertEquals(Map.of(), store.delete(List.of("a/old")));
                assertFalse(objects.containsKey("a/old"));
            }
            case DELETE_MANY -> {
                objects.put("a/other", "x");
                assertEquals(Map.of(), store.delete(List.of("a/old", "a/other")));
                assertEquals(Map.of("b/far", "x"), objects);
            }
        }
        assertTrue(wrongLeft.get() <= 0, "the wrong answer was not given");
    }

    @Test
    void anExistingObjectIsNeitherCreatedAgainNorReplacedByWhoKnowsAnOlderOne() throws Exception {
        begin();
        String version = store.get("a/old", 99).version();
        objects.put("a/old", "changed by another writer");
        assertEquals(PutOutcome.REFUSED, store.put("a/old", List.of(bytes(NEW)), new IfAbsent()));
        assertEquals(PutOutcome.REFUSED, store.put("a/old", List.of(bytes(NEW)), new IfVersion(version)));
        assertEquals("changed by another writer", objects.get("a/old"));
    }

    private void begin() {
        wrongLeft.set(0);
        objects.clear();
        objects.put("a/old", OLD);
        objects.put("b/far", "x");
    }

    /** The next answers to an operation are changed; without {@code applied} the store does not even see the request. */
    private void interfere(StoreOperation operation, int times, UnaryOperator<Answer> change, boolean applied) {
        wrongLeft.set(times);
        server.answer(request -> {
            synchronized (objects) {
                boolean wrong = isOf(operation, request) && wrongLeft.getAndDecrement() > 0;
                return wrong ? change.apply(applied ? answer(request) : null) : answer(request);
            }
        });
    }

    @Test
    void aRangeThatIsNotTheOneAskedForIsAskedForAgain() throws Exception {
        String whole = OLD;
        for (UnaryOperator<Answer> change : List.<UnaryOperator<Answer>>of(
                right -> new Answer(200, right.with("Content-Range", "").headers(), whole),
                right -> new Answer(
                        206, right.with("Content-Range", "bytes 2-4/10").headers(), "234"),
                right -> new Answer(
                        206, right.with("Content-Range", "bytes 3-4/10").headers(), "34"),
                right -> new Answer(
                        206, right.with("Content-Range", "bytes 3-5/10").headers(), "34"),
                right -> new Answer(
                        206, right.with("Content-Range", "bytes 3-5/10").headers(), "3456"),
                right -> new Answer(
                        206, right.with("Content-Range", "bytes 3-4/*").headers(), "34"),
                right -> new Answer(206, right.with("Content-Range", "").headers(), "345"),
                right -> new Answer(right.status(), right.headers(), "34", 3))) {
            begin();
            store.getRange("a/old", 0, 1);
            interfere(StoreOperation.GET_RANGE, 1, change, true);
            assertEquals("345", text(store.getRange("a/old", 3, 3)));
            assertEquals(-1, wrongLeft.get(), "one repetition");
        }
    }

    @Test
    void lengthAndETagOfAnObjectAreNotNeeded() throws Exception {
        begin();
        for (StoreOperation operation : List.of(StoreOperation.GET, StoreOperation.GET_RANGE)) {
            interfere(
                    operation,
                    99,
                    right -> new Answer(right.status(), right.with("ETag", "").headers(), right.body(), Answer.CHUNKED),
                    true);
            assertEquals(OLD, text(store.get("a/old", 99)));
            assertEquals(OLD, text(store.get("a/old", OLD.length())));
            assertFails(Kind.TOO_LARGE, () -> store.get("a/old", OLD.length() - 1));
            assertEquals("345", text(store.getRange("a/old", 3, 3)));
            assertFails(Kind.TRUNCATED, () -> store.getRange("a/old", 8, 3));
        }
        interfere(StoreOperation.GET, 99, right -> right.with("ETag", ""), true);
        String unknown = store.get("a/old", 99).version();
        ObjectStoreException e =
                assertFails(Kind.REFUSED, () -> store.put("a/old", List.of(bytes(NEW)), new IfVersion(unknown)));
        assertTrue(e.getMessage().contains("ETag"), e.getMessage());
        assertEquals(OLD, objects.get("a/old"));
    }

    @Test
    void anAnswerWithoutProofOfAPutThatWasStoredEndsWell() throws Exception {
        begin();
        interfere(StoreOperation.PUT, 1, right -> right.with("ETag", "").with("Content-MD5", ""), true);
        store.put("a/new", List.of(bytes(NEW)), new IfAbsent());
        assertEquals(NEW, objects.get("a/new"));
    }

    @Test
    void aPutCarriesTheDigestOfItsBody() throws Exception {
        begin();
        store.put("a/new", List.of(bytes("the new "), bytes("content")), new IfAbsent());
        Received put = server.received().stream()
                .filter(request -> isOf(StoreOperation.PUT, request))
                .findFirst()
                .orElseThrow();
        assertEquals(BodyDigest.of(List.of(bytes(NEW))).base64(), put.header("Content-MD5"));
        assertArrayEquals(NEW.getBytes(StandardCharsets.UTF_8), put.body());
    }

    @Test
    void aListThatCannotBeOneIsAskedForAgain() throws Exception {
        List<ObjectInfo> right = List.of(new ObjectInfo("a/1", 1), new ObjectInfo("a/2", 1), new ObjectInfo("a/3", 1));
        for (UnaryOperator<Answer> change : List.<UnaryOperator<Answer>>of(
                answer -> changed(answer, "a/2", "a/0"),
                answer -> changed(answer, "a/2", "a/1"),
                answer -> changed(answer, "p/a/2", "q/a/2"),
                answer -> changed(answer, "<Size>1</Size>", ""),
                answer -> changed(answer, "<Content-Length>1</Content-Length>", ""))) {
            begin();
            objects.remove("a/old");
            right.forEach(object -> objects.put(object.name(), "x"));
            interfere(StoreOperation.LIST, 1, change, true);
            assertEquals(right, store.list("a/", "", 9));
        }
    }

    private static Answer changed(Answer answer, String from, String to) {
        return new Answer(answer.status(), answer.headers(), answer.body().replaceFirst(from, to));
    }

    @Test
    void theStoresOwnWordsAreShown() {
        begin();
        for (StoreOperation operation : StoreOperation.values()) {
            interfere(operation, 99, right -> refusal("InvalidHeaderValue", "The bucket wants\na thing."), false);
            ObjectStoreException e = switch (operation) {
                case PUT -> failure(() -> store.put("a/new", List.of(bytes(NEW)), new IfAbsent()));
                case GET -> failure(() -> store.get("a/old", 99));
                case GET_RANGE -> failure(() -> store.getRange("a/old", 0, 1));
                case LIST -> failure(() -> store.list("a/", "", 9));
                case DELETE ->
                    failure(() -> {
                        throw store.delete(List.of("a/old")).get("a/old");
                    });
            };
            assertEquals(Kind.REFUSED, e.kind(), e.getMessage());
            assertTrue(e.getMessage().contains("InvalidHeaderValue: The bucket wants"), e.getMessage());
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
        }
    }

    /** The store's answer with 400. */
    protected abstract Answer refusal(String code, String message);

    private interface Request {
        void send() throws Exception;
    }

    private static ObjectStoreException failure(Request request) {
        return assertThrows(ObjectStoreException.class, request::send);
    }

    private static ObjectStoreException assertFails(Kind kind, Request request) {
        ObjectStoreException e = failure(request);
        assertEquals(kind, e.kind(), e::getMessage);
        return e;
    }

    protected static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(StoredObject object) {
        return StandardCharsets.UTF_8.decode(object.bytes()).toString();
    }
}
