// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.http;

/**
 * The answer to a request.
 *
 * @param stream makes the body instead, or null
 * @param allow the methods that a path has, for an answer to another one; else empty
 */
public record HttpAnswer(HttpStatus status, String contentType, String body, HttpStream stream, String allow) {
    private static final String TEXT = "text/plain; charset=utf-8";

    public HttpAnswer(HttpStatus status, String contentType, String body) {
        this(status, contentType, body, null, "");
    }

    public static HttpAnswer of(String contentType, HttpStream stream) {
        return new HttpAnswer(HttpStatus.OK, contentType, "", stream, "");
    }

    /** Returns an answer with one line of text. */
    public static HttpAnswer text(HttpStatus status, String line) {
        return new HttpAnswer(status, TEXT, line + "\n");
    }

    /** Returns an answer that says no more than its status. */
    public static HttpAnswer of(HttpStatus status) {
        return text(status, status.line());
    }

    /** @param methods the methods that the path has, separated by commas */
    public HttpAnswer allowing(String methods) {
        return new HttpAnswer(status, contentType, body, stream, methods);
    }
}
