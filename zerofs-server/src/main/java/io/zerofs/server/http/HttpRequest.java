// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A request with its head and body decoded.
 *
 * @param query parameters after the question mark, decoded; the last of several with one name counts
 */
public record HttpRequest(String method, String path, Map<String, String> query, String body) {
    private static final String LINE_END = "\r\n";

    /**
     * Returns a request, whose head ends with an empty line.
     *
     * @throws IllegalArgumentException if it is no request of HTTP/1
     */
    static HttpRequest of(String head, String body) {
        String[] words = head.substring(0, head.indexOf(LINE_END)).split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
            throw new IllegalArgumentException("not a request of HTTP/1");
        }
        int question = words[1].indexOf('?');
        String path = question < 0 ? words[1] : words[1].substring(0, question);
        return new HttpRequest(words[0], path, query(question < 0 ? "" : words[1].substring(question + 1)), body);
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : text.split("&")) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                query.put(
                        decoded(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
        return query;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** Returns the length of the body that a head announces; -1 if the length is not a number or has another form. */
    static long bodyBytes(String head) {
        long length = 0;
        for (String line : head.split(LINE_END)) {
            String lower = line.toLowerCase(Locale.ROOT);
            if (lower.startsWith("transfer-encoding:")) {
                return -1;
            }
            if (lower.startsWith("content-length:")) {
                String digits = line.substring(line.indexOf(':') + 1).strip();
                if (!digits.matches("[0-9]{1,18}")) {
                    return -1;
                }
                length = Long.parseLong(digits);
            }
        }
        return length;
    }
}
