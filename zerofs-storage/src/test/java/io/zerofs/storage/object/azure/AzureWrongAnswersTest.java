// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

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

/** A small Azure in memory, which answers as the real one does. */
class AzureWrongAnswersTest extends WrongAnswersContract {
    private static final String ROOT = "/account/container/p%2F";
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    @Override
    protected ObjectStore openAdapter(URI endpoint) throws Exception {
        return AzureObjectStore.open(new AzureSettings(
                "container",
                "p",
                "account",
                Optional.of(Secret.of("c2VjcmV0")),
                Optional.of(URI.create(endpoint + "/account")),
                ConnectionSettings.DEFAULTS));
    }

    @Override
    protected boolean isOf(StoreOperation operation, Received request) {
        boolean ofObject = request.path().startsWith(ROOT);
        boolean ranged = !(request.header("x-ms-range") + request.header("Range")).isEmpty();
        return switch (operation) {
            case PUT -> request.method().equals("PUT");
            case GET -> request.method().equals("GET") && ofObject && !ranged;
            case GET_RANGE -> request.method().equals("GET") && ofObject && ranged;
            case LIST -> request.method().equals("GET") && !ofObject;
            case DELETE -> request.method().equals("DELETE");
        };
    }

    @Override
    protected Answer answer(Received request) {
        String name = request.path().startsWith(ROOT)
                ? request.path().substring(ROOT.length()).replace("%2F", "/")
                : "";
        return switch (request.method()) {
            case "PUT" -> put(name, request);
            case "GET" -> name.isEmpty() ? list(request) : get(name, request);
            default ->
                objects.remove(name) == null
                        ? error(404, "BlobNotFound", "The specified blob does not exist.")
                        : new Answer(202, Map.of("x-ms-request-id", "1"), "");
        };
    }

    private Answer put(String name, Received request) {
        String there = objects.get(name);
        String expected = request.header("If-Match");
        if (!request.header("If-None-Match").isEmpty() && there != null) {
            return error(409, "BlobAlreadyExists", "The specified blob already exists.");
        }
        if (!expected.isEmpty() && !eTag(there).contains(expected.replace("\"", ""))) {
            return error(412, "ConditionNotMet", "The condition is not met.");
        }
        String body = new String(request.body(), StandardCharsets.UTF_8);
        objects.put(name, body);
        String md5 = BodyDigest.of(List.of(bytes(body))).base64();
        return new Answer(201, Map.of("ETag", eTag(body), "Content-MD5", md5, "x-ms-request-id", "1"), "");
    }

    private Answer get(String name, Received request) {
        String there = objects.get(name);
        if (there == null) {
            return error(404, "BlobNotFound", "The specified blob does not exist.");
        }
        Map<String, String> headers = new HashMap<>(
                Map.of("ETag", eTag(there), "Content-Type", "application/octet-stream", "x-ms-blob-type", "BlockBlob"));
        Matcher range = RANGE.matcher(request.header("x-ms-range") + request.header("Range"));
        if (!range.matches()) {
            return new Answer(200, headers, there);
        }
        int first = Integer.parseInt(range.group(1));
        int end = Math.min(there.length(), Integer.parseInt(range.group(2)) + 1);
        if (first >= end) {
            return error(416, "InvalidRange", "The range specified is invalid.");
        }
        headers.put("Content-Range", "bytes " + first + "-" + (end - 1) + "/" + there.length());
        return new Answer(206, headers, there.substring(first, end));
    }

    private Answer list(Received request) {
        String prefix = request.path().matches(".*prefix=p(/|%2F)a(/|%2F).*") ? "a/" : "";
        return Answer.of(
                200,
                objects.entrySet().stream()
                        .filter(object -> object.getKey().startsWith(prefix))
                        .map(object -> "<Blob><Name>p/" + object.getKey() + "</Name><Properties><Content-Length>"
                                + object.getValue().length() + "</Content-Length></Properties></Blob>")
                        .collect(Collectors.joining(
                                "",
                                "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>",
                                "</Blobs><NextMarker/></EnumerationResults>")));
    }

    @Override
    protected Answer refusal(String code, String message) {
        return error(400, code, message);
    }

    private static Answer error(int status, String code, String message) {
        return Answer.of(status, "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>")
                .with("x-ms-error-code", code);
    }

    private static String eTag(String body) {
        return body == null
                ? ""
                : "\"0x8D" + BodyDigest.of(List.of(bytes(body))).hex() + "\"";
    }
}
