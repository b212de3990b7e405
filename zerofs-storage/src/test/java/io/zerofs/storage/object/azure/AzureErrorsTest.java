// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.CannedServer.Received;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.StoreErrorsContract;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests, and the translation of each answer. */
class AzureErrorsTest extends StoreErrorsContract {
    @Override
    protected Answer found(String body, int length) {
        return new Answer(200, Map.of("ETag", "\"v\"", "x-ms-blob-type", "BlockBlob"), body, length);
    }

    @Override
    protected AzureObjectStore at(URI endpoint, Duration silence) throws ObjectStoreException {
        return at(endpoint, silence, "c2VjcmV0");
    }

    private static AzureObjectStore at(URI endpoint, Duration silence, String key) throws ObjectStoreException {
        ConnectionSettings connections =
                new ConnectionSettings(4, Duration.ofSeconds(1), silence, 1 << 20, Duration.ofSeconds(30));
        return AzureObjectStore.open(new AzureSettings(
                "container",
                "a/b",
                "account",
                Optional.of(Secret.of(key)),
                Optional.of(URI.create(endpoint + "/account")),
                connections));
    }

    @Test
    void aPutIsOneRequestWithItsCondition() throws Exception {
        server.answer(stored());
        assertEquals(PutOutcome.STORED, store.put("name", List.of(bytes("he"), bytes("llo")), new IfAbsent()));
        Received put = server.received().get(0);
        assertEquals("PUT", put.method());
        assertTrue(put.path().endsWith("/container/a%2Fb%2Fname"), put.path());
        assertArrayEquals("hello".getBytes(UTF_8), put.body());
        assertEquals("*", put.header("If-None-Match"));
        store.put("name", List.of(bytes("x")), new IfVersion("\"abc\""));
        assertEquals("\"abc\"", server.received().get(1).header("If-Match"));
        assertEquals(2, server.received().size());
    }

    @ParameterizedTest
    @CsvSource({"412, ConditionNotMet", "409, BlobAlreadyExists", "404, BlobNotFound"})
    void aFailedConditionIsARefusal(int status, String code) throws Exception {
        server.answer(error(status, code));
        assertEquals(PutOutcome.REFUSED, store.put("name", List.of(bytes("x")), new IfVersion("v")));
    }

    @ParameterizedTest
    @CsvSource({
        "500, InternalError, UNKNOWN_OUTCOME, UNAVAILABLE",
        "500, OperationTimedOut, UNKNOWN_OUTCOME, UNAVAILABLE",
        "502, BadGateway, UNKNOWN_OUTCOME, UNAVAILABLE",
        "503, ServerBusy, UNAVAILABLE, UNAVAILABLE",
        "429, TooManyRequests, UNAVAILABLE, UNAVAILABLE",
        "409, ContainerBeingDeleted, UNKNOWN_OUTCOME, UNAVAILABLE",
        "404, BlobNotFound, NOT_FOUND, NOT_FOUND",
        "416, InvalidRange, TRUNCATED, TRUNCATED",
        "400, InvalidHeaderValue, REFUSED, REFUSED",
    })
    void anAnswerHasAKind(int status, String code, Kind put, Kind get) {
        server.answer(error(status, code));
        assertEquals(put, failure(this::put).kind());
        assertEquals(get, failure(this::get).kind());
        assertEquals(2, server.received().size(), "the SDK must not repeat by itself");
    }

    @ParameterizedTest
    @CsvSource({
        "403, AuthenticationFailed, storage_account_key",
        "403, AuthorizationFailure, storage_account_key",
        "403, AuthorizationPermissionMismatch, access is denied",
        "404, ContainerNotFound, the container container does not exist",
        "403, AccountIsDisabled, disabled",
    })
    void errorsForAPersonAreSentences(int status, String code, String sentence) {
        server.answer(error(status, code));
        for (Executable request : List.<Executable>of(this::get, this::put, this::list)) {
            ObjectStoreException e = failure(request);
            assertEquals(Kind.REFUSED, e.kind());
            assertTrue(e.getMessage().contains(sentence), e.getMessage());
            assertFalse(e.getMessage().contains("\n"), e.getMessage());
        }
    }

    @Test
    void aKeyThatCannotBeOneIsRefusedWithoutBeingQuoted() {
        ObjectStoreException e = failure(() -> at(server.endpoint(), Duration.ofSeconds(5), "%not base64%"));
        assertEquals(Kind.REFUSED, e.kind());
        assertTrue(e.getMessage().contains("storage_account_key"), e.getMessage());
        assertFalse(e.getMessage().contains("%"), e.getMessage());
    }

    @Test
    void throttlingIsReported() {
        server.answer(error(503, "ServerBusy"));
        assertTrue(failure(this::put).isThrottled());
    }

    @Test
    void aFailedDeleteBelongsToItsObject() throws Exception {
        server.answer(error(403, "AuthorizationPermissionMismatch"));
        assertEquals(Kind.REFUSED, store.delete(List.of("x", "y")).get("y").kind());
        server.answer(error(404, "BlobNotFound"));
        assertEquals(Map.of(), store.delete(List.of("x", "y")));
    }

    private static Answer stored() {
        return new Answer(201, Map.of("ETag", "\"v\"", "Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT"), "", 0);
    }

    private static Answer error(int status, String code) {
        String body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>no\nTime:1</Message></Error>";
        return new Answer(
                status, Map.of("Content-Type", "application/xml", "x-ms-error-code", code), body, body.length());
    }
}
