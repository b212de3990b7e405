// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.ContentRange;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.Locale;
import java.util.Optional;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Checks that an answer of success is the store's own, with one check per operation. Proxies, captive portals and load
 * balancers answer 200 with a page of their own. The request is then worth repeating, and the answer proves nothing about
 * objects. A check requires a header only if the header proves something. Thread-safe.
 */
final class S3Answers {
    private static final int NO_CONTENT = 204;

    private final S3Errors errors;
    private volatile boolean rangesSeen;
    private volatile boolean requestIdsSeen;

    S3Answers(S3Errors errors) {
        this.errors = errors;
    }

    /** Returns whether the answer is a page for people. All objects are octet streams, so no object is a page. */
    static boolean isPage(SdkHttpResponse answer) {
        return typeOf(answer).contains("html");
    }

    /** Returns whether the answer has a body. The answers to PUTs and deletes have none. */
    static boolean hasBody(SdkHttpResponse answer) {
        return answer.firstMatchingHeader("Transfer-Encoding").isPresent()
                || !answer.firstMatchingHeader("Content-Length").orElse("0").equals("0");
    }

    /** Returns status and type for messages. */
    static String describe(SdkHttpResponse answer) {
        return (answer.statusCode() + " " + typeOf(answer)).strip();
    }

    private static String typeOf(SdkHttpResponse answer) {
        return answer.firstMatchingHeader("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    }

    /** Requires an object: it has an ETag, or at least the type of its PUT. */
    void requireObject(String what, GetObjectResponse response) throws ObjectStoreException {
        SdkHttpResponse answer = response.sdkHttpResponse();
        String type = typeOf(answer);
        boolean plausible = response.eTag() != null || type.contains("octet-stream");
        if (isPage(answer) || !plausible) {
            throw errors.odd(what, false, "the answer is not an object", answer);
        }
    }

    /** Requires exactly the requested range. */
    void requireRange(String what, GetObjectResponse response, long offset, int length, long received)
            throws ObjectStoreException {
        requireObject(what, response);
        Optional<ContentRange> range = ContentRange.parse(response.contentRange());
        if (range.isEmpty()) {
            String reason = "the store does not answer with the range";
            throw rangesSeen
                    ? errors.odd(what, false, reason, response.sdkHttpResponse())
                    : errors.failure(Kind.REFUSED, what, reason);
        }
        rangesSeen = true;
        if (range.get().endsBefore(offset, length, received)) {
            String reason = "the object has " + received + " of " + length + " bytes at " + offset;
            throw errors.failure(Kind.TRUNCATED, what, reason);
        }
        if (!range.get().isExactly(offset, length, received)) {
            String reason = "the answer has " + range.get() + " and not " + length + " bytes at " + offset;
            throw errors.odd(what, false, reason, response.sdkHttpResponse());
        }
    }

    /** Requires 204 or 200 without a body. If the store has sent request ids before, the answer must have one. */
    void requireDeleted(String what, DeleteObjectResponse response) throws ObjectStoreException {
        SdkHttpResponse answer = response.sdkHttpResponse();
        boolean hasId = answer.firstMatchingHeader("x-amz-request-id").isPresent();
        boolean bodyless = answer.statusCode() == NO_CONTENT || !hasBody(answer);
        if (isPage(answer) || !bodyless || requestIdsSeen && !hasId) {
            throw errors.odd(what, false, "the answer does not show that it was deleted", answer);
        }
        requestIdsSeen |= hasId;
    }
}
