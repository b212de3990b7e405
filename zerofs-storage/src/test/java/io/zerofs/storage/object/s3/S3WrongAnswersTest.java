// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.BodyDigest;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.CannedServer.Received;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.WrongAnswersContract;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A small S3 in memory, which answers as Amazon does. */
class S3WrongAnswersTest extends WrongAnswersContract {
    private static final String ROOT = "/bucket/p/";
    private static final Pattern KEY = Pattern.compile("<Key>p/([^<]*)</Key>");
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    @Override
    protected ObjectStore openAdapter(URI endpoint) throws Exception {
        return S3ObjectStore.open(new S3Settings(
                "bucket",
                "p",
                Optional.of(new S3Settings.Keys("id", Secret.of("secret"), Optional.empty())),
                Optional.of(endpoint),
                Optional.empty(),
                false,
                false,
                ConnectionSettings.DEFAULTS));
    }

    @Override
    protected boolean isOf(StoreOperation operation, Received request) {
        boolean ofObject = request.path().startsWith(ROOT);
        return switch (operation) {
            case PUT -> request.method().equals("PUT");
            case GET ->
                request.method().equals("GET")
                        && ofObject
                        && request.header("Range").isEmpty();
            case GET_RANGE ->
                request.method().equals("GET")
                        && ofObject
                        && !request.header("Range").isEmpty();
            case LIST -> request.method().equals("GET") && !ofObject;
            case DELETE -> request.method().equals("DELETE") || request.method().equals("POST");
        };
    }

    @Override
    protected Answer answer(Received request) {
        String name = request.path().startsWith(ROOT) ? request.path().substring(ROOT.length()) : "";
        return switch (request.method()) {
            case "PUT" -> put(name, request);
            case "GET", "HEAD" -> name.isEmpty() ? list(request) : get(name, request);
            case "DELETE" -> {
                objects.remove(name);
                yield new Answer(204, Map.of("x-amz-request-id", "1"), "");
            }
            default -> deleteAll(new String(request.body(), StandardCharsets.UTF_8));
        };
    }

    private Answer put(String name, Received request) {
        String there = objects.get(name);
        String expected = request.header("If-Match");
        if (!request.header("If-None-Match").isEmpty() && there != null
                || !expected.isEmpty() && !expected.equals(eTag(there))) {
            return error(412, "PreconditionFailed", "At least one of the conditions did not hold");
        }
        String body = new String(request.body(), StandardCharsets.UTF_8);
        assertEquals(BodyDigest.of(List.of(bytes(body))).base64(), request.header("Content-MD5"));
        objects.put(name, body);
        return new Answer(200, Map.of("ETag", "\"" + eTag(body) + "\"", "x-amz-request-id", "1"), "");
    }

    private Answer get(String name, Received request) {
        String there = objects.get(name);
        if (there == null) {
            return error(404, "NoSuchKey", "The specified key does not exist.");
        }
        Map<String, String> headers =
                new HashMap<>(Map.of("ETag", "\"" + eTag(there) + "\"", "Content-Type", "application/octet-stream"));
        Matcher range = RANGE.matcher(request.header("Range"));
        if (!range.matches()) {
            return new Answer(200, headers, there);
        }
        int first = Integer.parseInt(range.group(1));
        int end = Math.min(there.length(), Integer.parseInt(range.group(2)) + 1);
        if (first >= end) {
            return error(416, "InvalidRange", "The requested range is not satisfiable");
        }
        headers.put("Content-Range", "bytes " + first + "-" + (end - 1) + "/" + there.length());
        return new Answer(206, headers, there.substring(first, end));
    }

    private Answer list(Received request) {
        String prefix = request.path().contains("prefix=p%2Fa%2F") ? "a/" : "";
        return Answer.of(
                200,
                objects.entrySet().stream()
                        .filter(object -> object.getKey().startsWith(prefix))
                        .map(object -> "<Contents><Key>p/" + object.getKey() + "</Key><Size>"
                                + object.getValue().length() + "</Size></Contents>")
                        .collect(Collectors.joining(
                                "",
                                "<ListBucketResult><Prefix>p/" + prefix + "</Prefix><IsTruncated>false</IsTruncated>",
                                "</ListBucketResult>")));
    }

    private Answer deleteAll(String body) {
        StringBuilder deleted = new StringBuilder();
        for (Matcher key = KEY.matcher(body); key.find(); ) {
            objects.remove(key.group(1));
            deleted.append("<Deleted><Key>p/").append(key.group(1)).append("</Key></Deleted>");
        }
        return Answer.of(200, "<DeleteResult>" + deleted + "</DeleteResult>");
    }

    @Override
    protected Answer refusal(String code, String message) {
        return error(400, code, message);
    }

    private static Answer error(int status, String code, String message) {
        return Answer.of(status, "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>");
    }

    private static String eTag(String body) {
        return body == null ? "" : BodyDigest.of(List.of(bytes(body))).hex();
    }
}
