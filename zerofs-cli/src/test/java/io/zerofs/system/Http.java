// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** HTTP requests of a test. A server has twenty seconds for its answer. */
final class Http {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(20);
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(ANSWER_MAX).build();

    private Http() {}

    /** Returns the body of a successful answer. */
    static String get(String url) throws IOException, InterruptedException {
        HttpResponse<String> answer = send(HttpRequest.newBuilder(URI.create(url)));
        if (answer.statusCode() != 200) {
            throw new IOException(url + ": status " + answer.statusCode() + "\n" + answer.body());
        }
        return answer.body();
    }

    static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return CLIENT.send(request.timeout(ANSWER_MAX).build(), HttpResponse.BodyHandlers.ofString());
    }
}
