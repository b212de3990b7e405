// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.BodyDigest;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.CannedServer.Received;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.StoreErrorsContract;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests, and the translation of each answer. */
class S3ErrorsTest extends StoreErrorsContract {
    @Override
    protected Answer found(String body, int length) {
        return new Answer(200, Map.of("ETag", "\"v\""), body, length);
    }

    @Override
    protected S3ObjectStore at(URI endpoint, Duration silence) throws ObjectStoreException {
        return at(endpoint, silence, false);
    }

    private static S3ObjectStore at(URI endpoint, Duration silence, boolean onlyWriter) throws ObjectStoreException {
        ConnectionSettings connections =
                new ConnectionSettings(4, Duration.ofSeconds(1), silence, 1 << 20, Duration.ofSeconds(30));
        S3Settings.Keys keys = new S3Settings.Keys("id", Secret.of("secret"), Optional.of(Secret.of("token")));
        return S3ObjectStore.open(new S3Settings(
                "bucket",
                "a/b",
                Optional.of(keys),
                Optional.of(endpoint),
                Optional.empty(),
                false,
                onlyWriter,
                connections));
    }

    @Test
    void aPutSendsItsBodyAsItIsWithItsCondition() throws Exception {
        server.answer(S3ErrorsTest::stored);
        assertEquals(PutOutcome.STORED, store.put("name", List.of(bytes("he"), bytes("llo")), new IfAbsent()));
        Received put = server.received().get(0);
        assertEquals("PUT", put.method());
        assertEquals("/bucket/a/b/name", put.path());
        assertArrayEquals("hello".getBytes(UTF_8), put.body());
        assertEquals("*", put.header("If-None-Match"));
        assertEquals("5", put.header("Content-Length"));
        assertEquals("", put.header("Content-Encoding"));
        assertEquals("", put.header("x-amz-trailer"));
        assertEquals("", put.header("x-amz-sdk-checksum-algorithm"));
        assertEquals("token", put.header("x-amz-security-token"));
        store.put("name", List.of(bytes("x")), new IfVersion("abc"));
        assertEquals("abc", server.received().get(1).header("If-Match"));
    }

    @ParameterizedTest
    @CsvSource({
        "412, PreconditionFailed",
        "404, NoSuchKey",
    })
    void aFailedConditionIsARefusal(int status, String code) throws Exception {
        server.answer(error(status, code));
        assertEquals(PutOutcome.REFUSED, store.put("name", List.of(bytes("x")), new IfVersion("v")));
    }

    @ParameterizedTest
    @CsvSource({
        "500, InternalError, UNKNOWN_OUTCOME, UNAVAILABLE",
        "502, '', UNKNOWN_OUTCOME, UNAVAILABLE",
        "503, ServiceUnavailable, UNKNOWN_OUTCOME, UNAVAILABLE",
        "504, '', UNKNOWN_OUTCOME, UNAVAILABLE",
        "409, ConditionalRequestConflict, UNKNOWN_OUTCOME, UNAVAILABLE",
        "400, RequestTimeout, UNKNOWN_OUTCOME, UNAVAILABLE",
        "503, SlowDown, UNAVAILABLE, UNAVAILABLE",
        "429, '', UNAVAILABLE, UNAVAILABLE",
        "507, InsufficientStorage, NO_SPACE, NO_SPACE",
        "403, QuotaExceeded, NO_SPACE, NO_SPACE",
        "404, NoSuchKey, NOT_FOUND, NOT_FOUND",
        "416, InvalidRange, TRUNCATED, TRUNCATED",
        "501, NotImplemented, REFUSED, REFUSED",
        "400, InvalidRequest, REFUSED, REFUSED",
    })
    void anAnswerHasAKind(int status, String code, Kind put, Kind get) {
        server.answer(error(status, code));
        assertEquals(put, failure(this::put).kind());
        assertEquals(get, failure(this::get).kind());
    }

    @ParameterizedTest
    @CsvSource({
        "403, InvalidAccessKeyId, CREDENTIALS, access_key_id",
        "403, SignatureDoesNotMatch, CREDENTIALS, secret_access_key",
        "400, ExpiredToken, CREDENTIALS, session_token",
        "403, RequestTimeTooSkewed, CLOCK, clock",
        "403, AccessDenied, OTHER, access is denied",
        "404, NoSuchBucket, BUCKET, the bucket bucket does not exist",
        "301, PermanentRedirect, REGION, another region (eu-west-7)",
        "400, AuthorizationHeaderMalformed, REGION, another region (eu-west-7)",
        "307, '', REGION, (eu-west-7)",
        "401, '', OTHER, credentials",
        "501, NotImplemented, CONDITIONS, does not implement",
    })
    void errorsForAPersonAreSentences(int status, String code, Refusal refusal, String sentence) {
        Answer answer = error(status, code);
        server.answer(new Answer(
                status,
                Map.of("Content-Type", "application/xml", "x-amz-bucket-region", "eu-west-7"),
                answer.body(),
                answer.length()));
        for (Executable request : List.<Executable>of(this::get, this::put, this::list)) {
            ObjectStoreException e = failure(request);
            assertEquals(Kind.REFUSED, e.kind());
            assertEquals(refusal, e.refusal());
            assertTrue(e.getMessage().contains(sentence), e.getMessage());
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
        }
    }

    @Test
    void aStoreWithoutConditionsIsReadBeforeAPutIfThereIsOneWriter() throws Exception {
        Map<String, byte[]> objects = new ConcurrentHashMap<>();
        server.answer(request -> withoutConditions(objects, request));
        ObjectStoreException e = failure(this::put);
        assertEquals(Refusal.CONDITIONS, e.refusal(), e.getMessage());
        try (S3ObjectStore alone = at(server.endpoint(), Duration.ofSeconds(5), true)) {
            assertEquals(PutOutcome.STORED, alone.put("name", List.of(bytes("1")), new IfAbsent()));
            assertEquals(PutOutcome.REFUSED, alone.put("name", List.of(bytes("2")), new IfAbsent()));
            assertEquals(PutOutcome.REFUSED, alone.put("name", List.of(bytes("3")), new IfVersion("v3")));
            assertEquals(PutOutcome.REFUSED, alone.put("other", List.of(bytes("3")), new IfVersion("v3")));
            String version = alone.get("name", 9).version();
            assertEquals(PutOutcome.STORED, alone.put("name", List.of(bytes("4")), new IfVersion(version)));
            assertEquals(bytes("4"), alone.get("name", 9).bytes());
        }
    }

    /** A store that says 501 to each condition. */
    private static Answer withoutConditions(Map<String, byte[]> objects, Received request) {
        if (!request.header("If-None-Match").isEmpty()
                || !request.header("If-Match").isEmpty()) {
            return error(501, "NotImplemented");
        }
        if (request.method().equals("PUT")) {
            objects.put(request.path(), request.body());
            return stored(request);
        }
        byte[] found = objects.get(request.path());
        return found == null
                ? error(404, "NoSuchKey")
                : new Answer(200, Map.of("ETag", eTag(found)), new String(found, UTF_8), found.length);
    }

    private static Answer stored(Received put) {
        return new Answer(200, Map.of("ETag", eTag(put.body())), "");
    }

    private static String eTag(byte[] body) {
        return "\"" + BodyDigest.of(List.of(ByteBuffer.wrap(body))).hex() + "\"";
    }

    @Test
    void throttlingIsReported() {
        server.answer(error(503, "SlowDown"));
        assertTrue(failure(this::put).isThrottled());
        assertEquals(1, server.received().size(), "the SDK must not repeat by itself");
    }

    @Test
    void aStoreThatIgnoresRangesIsRefused() {
        server.answer(new Answer(200, Map.of("ETag", "\"v\""), "0123", 4));
        assertEquals(Kind.REFUSED, failure(() -> store.getRange("name", 1, 4)).kind());
        assertEquals(Kind.REFUSED, failure(() -> store.getRange("name", 1, 2)).kind());
    }

    @Test
    void aStoreWithoutBatchDeletesIsAskedOneByOne() throws Exception {
        server.answer(error(501, "NotImplemented"));
        Map<String, ObjectStoreException> failed = store.delete(List.of("x", "y"));
        assertEquals(2, failed.size());
        assertEquals("POST", server.received().get(0).method());
        assertFalse(server.received().get(0).header("Content-MD5").isEmpty());
        server.answer(Answer.of(204, ""));
        assertEquals(Map.of(), store.delete(List.of("x", "y")));
        assertEquals(
                "DELETE", server.received().get(server.received().size() - 1).method());
    }

    @Test
    void anErrorInABatchBelongsToItsObject() throws Exception {
        server.answer(Answer.of(200, """
                <DeleteResult><Deleted><Key>a/b/z</Key></Deleted><Error><Key>a/b/x</Key><Code>AccessDenied</Code></Error>\
                <Error><Key>a/b/y</Key><Code>InternalError</Code></Error></DeleteResult>"""));
        Map<String, ObjectStoreException> failed = store.delete(List.of("x", "y", "z"));
        assertEquals(Kind.REFUSED, failed.get("x").kind());
        assertEquals(Kind.UNAVAILABLE, failed.get("y").kind());
        assertEquals(2, failed.size());
    }

    @Test
    void noMessageHasASecret() {
        server.answer(error(403, "SignatureDoesNotMatch"));
        for (Throwable e = failure(this::get); e != null; e = e.getCause()) {
            assertFalse(e.toString().contains("secret\""), e.toString());
        }
        assertFalse(store.describe().contains("secret"));
    }

    private static Answer error(int status, String code) {
        return Answer.of(status, code.isEmpty() ? "" : "<Error><Code>" + code + "</Code><Message>no</Message></Error>");
    }
}
